"""Settings. Values that differ between installations come from ``evenhand.env`` and nowhere else."""

from __future__ import annotations

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from evenhand.env import env
from evenhand.secret import demographics_keys, secret_key
from evenhand.services import broker_url, database_settings, llm_base_urls

BASE_DIR = Path(__file__).resolve().parents[2]
EVENHAND_HOME = env.home()

DEBUG = env.flag("EVENHAND_DEBUG", default=False)
SECRET_KEY = secret_key(EVENHAND_HOME)
DEMOGRAPHICS_KEYS = demographics_keys(EVENHAND_HOME)  # the newest first; none: people are asked nothing
ALLOWED_HOSTS = env.listing("EVENHAND_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
PUBLIC_URL = env.text("EVENHAND_PUBLIC_URL", "http://localhost:8000").rstrip("/")
HTTPS = env.flag("EVENHAND_HTTPS", default=False)
TRUSTED_PROXIES = env.number("EVENHAND_TRUSTED_PROXIES", 0, low=0, high=10)

INSTALLED_APPS = [
    "accounts",
    "ledger",
    "annotations",
    "llm_workers",
    "fairness",
    "evenhand",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "axes",
    "channels",
    "csp",
    "django_filters",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "evenhand.errors.DomainErrorMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "evenhand.urls"
ASGI_APPLICATION = "evenhand.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "evenhand.navigation.navigation",
            ],
        },
    }
]

# --- data ---------------------------------------------------------------------------------------------------------
DATABASES = {"default": database_settings(EVENHAND_HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = broker_url(EVENHAND_HOME)
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": "evenhand"},
    }
}

# --- background work ----------------------------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True  # state lives in our own tables
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_TASK_TIME_LIMIT = 600
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 900, "global_keyprefix": "evenhand:"}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    # What asks no model does not wait behind what does; exact names go before patterns.
    **{
        f"llm_workers.tasks.{name}": {"queue": "default"}
        for name in (
            "resume_runs",
            "refresh_models",
            "count_costs",
            "count_costs_stale",
            "compute_trust",
            "trust_stale",
            "wake_validators",
            "verify_labels",
            "verify_stale",
        )
    },
    "llm_workers.*": {"queue": "llm"},
    "fairness.tasks.ask_audit": {"queue": "llm"},
}
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(EVENHAND_HOME / "run" / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "expire-leases": {"task": "annotations.tasks.expire_leases", "schedule": 15.0, "options": {"expires": 15}},
    "resume-runs": {"task": "llm_workers.tasks.resume_runs", "schedule": 15.0, "options": {"expires": 15}},
    "verify-labels": {"task": "llm_workers.tasks.verify_stale", "schedule": 30.0, "options": {"expires": 30}},
    "validate-labels": {"task": "llm_workers.tasks.wake_validators", "schedule": 20.0, "options": {"expires": 20}},
    "wake-audits": {"task": "fairness.tasks.wake_audits", "schedule": 20.0, "options": {"expires": 20}},
    # Asks the servers once a minute at most; the short interval is for a stack that has just started.
    "refresh-models": {"task": "llm_workers.tasks.refresh_models", "schedule": 15.0, "options": {"expires": 15}},
    "count-costs": {"task": "llm_workers.tasks.count_costs_stale", "schedule": 60.0, "options": {"expires": 60}},
    "refit-consensus": {"task": "annotations.tasks.refit_stale", "schedule": 20.0, "options": {"expires": 20}},
    "check-people": {"task": "annotations.tasks.check_stale", "schedule": 60.0, "options": {"expires": 60}},
    "trust-in-models": {"task": "llm_workers.tasks.trust_stale", "schedule": 60.0, "options": {"expires": 60}},
    "send-notices": {"task": "annotations.tasks.send_notices", "schedule": 15.0, "options": {"expires": 15}},
    "send-webhooks": {"task": "annotations.tasks.send_deliveries", "schedule": 5.0, "options": {"expires": 5}},
    "send-findings": {"task": "fairness.tasks.send_finding_notices", "schedule": 5.0, "options": {"expires": 5}},
    "resume-demand": {"task": "annotations.tasks.mend_demand", "schedule": 60.0, "options": {"expires": 60}},
    "resume-regroupings": {"task": "annotations.tasks.mend_regroupings", "schedule": 60.0, "options": {"expires": 60}},
    "resume-streams": {"task": "annotations.tasks.mend_streams", "schedule": 60.0, "options": {"expires": 60}},
    "resume-exclusions": {"task": "annotations.tasks.mend_exclusions", "schedule": 60.0, "options": {"expires": 60}},
    "sweep-erased": {"task": "accounts.tasks.sweep_erased", "schedule": 60.0, "options": {"expires": 60}},
    # At fixed times, never when somebody answers: see accounts/demographics/anonymity.py.
    "publish-demographics": {
        "task": "annotations.tasks.publish_demographics",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "complete-counters": {
        "task": "fairness.tasks.complete_counters",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "measure-agreement": {
        "task": "fairness.tasks.measure_agreement_stale",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "compare-people": {
        "task": "fairness.tasks.compare_people_stale",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "resume-imports": {"task": "annotations.tasks.mend_imports", "schedule": 60.0, "options": {"expires": 60}},
}

# --- people -------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_PREVENT_ENUMERATION = True
# Who stores something about people.
PERSONAL_DATA = ["accounts.rights.own", "annotations.rights.parts", "llm_workers.rights", "fairness.rights"]
SIGNUP_OPEN = env.flag("EVENHAND_SIGNUP_OPEN", default=True)
ACCOUNT_RATE_LIMITS = {"login_failed": None}  # django-axes counts these, and its page says how long to wait
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_USERNAME_FORM_FIELD = "login"
AXES_USERNAME_CALLABLE = "accounts.throttling.login_name"
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "errors/locked_out.html"
AXES_IPWARE_PROXY_COUNT = TRUSTED_PROXIES or None

mail = env.mail()
EMAIL_BACKEND = "django.core.mail.backends." + ("smtp" if mail else "console") + ".EmailBackend"
if mail:
    EMAIL_HOST, EMAIL_PORT, EMAIL_USE_TLS = mail.host, mail.port, mail.tls
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = mail.user, mail.password
    EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Evenhand <noreply@localhost>")

# --- webhooks -----------------------------------------------------------------------------------------------------
WEBHOOKS_TO_PRIVATE_ADDRESSES = env.flag("EVENHAND_WEBHOOKS_TO_PRIVATE_ADDRESSES", default=False)

# --- API ----------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "accounts.permissions.TokenScopePermission",
    ],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "evenhand.negotiation.JsonFirst",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "evenhand.pagination.IdCursorPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.AnonRateThrottle",
        "evenhand.throttles.PersonThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {"anon": "120/min"},
    "NUM_PROXIES": TRUSTED_PROXIES,
    "EXCEPTION_HANDLER": "evenhand.errors.api_exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Evenhand",
    "DESCRIPTION": "A crowd and language models label the same data; experts settle; fairness is watched live.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "ENUM_NAME_OVERRIDES": {
        "SuspicionKind": "annotations.models.SuspicionKind",
        "SuspicionStatus": "annotations.models.SuspicionStatus",
        "BiasVerdict": "annotations.models.Verdict",
        "TrialStatus": "llm_workers.models.TrialStatus",
        "ValidatorStatus": "llm_workers.validating.models.ValidatorStatus",
        "RatingVerdict": "llm_workers.validating.models.Verdict",
        "FitMethod": "annotations.models.FitMethod",
        "ConsensusMethod": "annotations.models.ConsensusMethod",
        "RegroupingKind": "annotations.models.RegroupingKind",
        "ProbeKind": "fairness.audits.models.ProbeKind",
        "MonitorMeasure": "fairness.monitors.models.Measure",
        "MonitorWhose": "fairness.monitors.models.Whose",
        "MonitorTruth": "fairness.monitors.models.Truth",
        "FindingAction": "fairness.monitors.models.Action",
        "WebhookEvent": "annotations.models.WebhookEvent",
        "LabelSource": "fairness.api.serializers.SOURCES",
        "FourFifthsVerdict": "fairness.api.serializers.VERDICTS",
        "AnnotatorStanding": "annotations.models.Standing",
        "MonitorStanding": "fairness.monitors.api.STANDINGS",
        "FairnessReason": "fairness.api.serializers.REASONS",
        "AgreementReason": "annotations.measuring.api.REASONS",
        "ProjectStatus": "annotations.models.ProjectStatus",
        "AssignmentStatus": "annotations.models.AssignmentStatus",
        "AnnotationStatus": "annotations.models.AnnotationStatus",
        "CaseStatus": "annotations.models.CaseStatus",
        "CaseKind": "annotations.models.CaseKind",
        "ImportStatus": "annotations.models.ImportStatus",
        "RunStatus": "annotations.models.RunStatus",
        "RunDecision": "annotations.models.RunDecision",
        "RuleKind": "llm_workers.models.RuleKind",
        "RuleAction": "llm_workers.models.RuleAction",
        "ReviewStatus": "annotations.models.ReviewStatus",
        "ReviewCause": "annotations.models.ReviewCause",
        "CaseCause": "annotations.models.CaseCause",
        "AuditStatus": "fairness.models.AuditStatus",
        "AuditCandidateStatus": "fairness.models.CandidateStatus",
        "ModelRole": "annotations.models.ModelRole",
        "Role": "accounts.models.Role",
    },
}

# --- language models ----------------------------------------------------------------------------------------------
LLM_BASE_URLS = llm_base_urls(EVENHAND_HOME)
LLM_API_KEY = env.text("LLM_API_KEY")
LLM_ANSWER_SECONDS = env.number("LLM_ANSWER_SECONDS", 45, low=5, high=3600)

# --- language, time -----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

# --- files --------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static", ("vendor", BASE_DIR / "node_modules")]
WHITENOISE_USE_FINDERS = True  # no collectstatic step on a laptop; nginx serves the collected files in production
WHITENOISE_AUTOREFRESH = DEBUG
MEDIA_ROOT = EVENHAND_HOME / "media"
MEDIA_URL = "/media/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
FILE_UPLOAD_TEMP_DIR = None
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

# --- safety -------------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "manifest-src": ["'self'"],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "evenhand.errors.csrf_failure"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
if HTTPS:
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {"httpx": {"level": "WARNING"}, "axes": {"level": "WARNING"}},
}
