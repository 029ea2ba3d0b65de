# syntax=docker/dockerfile:1
# Two images from one file: `app` (web, workers, beat, relay, migrations) and `proxy` (nginx with the static files).

FROM node:24-slim AS frontend
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts

FROM python:3.13-slim AS environment
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/evenhand
WORKDIR /build
COPY requirements-server.lock ./
RUN /opt/evenhand/bin/pip install --require-hashes --only-binary :all: -r requirements-server.lock

FROM python:3.13-slim AS app
# A fixed id, so that volumes keep their owner from one image to the next.
RUN groupadd --gid 10001 evenhand \
    && useradd --uid 10001 --gid evenhand --no-create-home --home-dir /var/lib/evenhand --shell /usr/sbin/nologin evenhand \
    && install -d -o evenhand -g evenhand /var/lib/evenhand
ENV PATH=/opt/evenhand/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=evenhand.settings \
    EVENHAND_HOME=/var/lib/evenhand
WORKDIR /srv/evenhand
COPY --from=environment /opt/evenhand /opt/evenhand
COPY --from=frontend /build/node_modules ./node_modules
COPY . .
# Installed in place: the `evenhand` command and the version, with the code where it lies. The key of the build is
# thrown away; that of the running site comes from its environment.
RUN pip install --no-cache-dir --no-deps --editable . \
    && python -m compileall -q annotations llm_workers fairness platform \
    && SECRET_KEY=build-only EVENHAND_HOME=/tmp/build python manage.py collectstatic --noinput --verbosity 0 \
    && rm -rf /tmp/build
USER evenhand
VOLUME /var/lib/evenhand
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["python", "-m", "evenhand.doctor.health", "web"]
CMD ["uvicorn", "evenhand.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--lifespan", "off", \
     "--no-proxy-headers", "--no-access-log", "--timeout-graceful-shutdown", "20"]

FROM nginxinc/nginx-unprivileged:1.29-alpine AS proxy
COPY deploy/nginx/nginx.conf /etc/nginx/nginx.conf
COPY deploy/nginx/evenhand.conf deploy/nginx/locations.conf /etc/nginx/evenhand/
COPY --from=app /srv/evenhand/staticfiles /srv/static
EXPOSE 8080 8443
HEALTHCHECK --interval=30s --timeout=5s --retries=3 CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/static/django_htmx/htmx-4.min.js"]
