"""One's own account, invitation links, and what is public."""

from __future__ import annotations

from tests.permissions.entry import Entry, link, token

ANYONE = "200 200 200 200 200 200"
PEOPLE = "302 200 200 200 200 200"
GUESTS = "200 302 302 302 302 302"  # sign in, sign up: those who are in go home

TABLE = {
    # public
    "home": Entry(GET=ANYONE),
    "healthz": Entry(GET=ANYONE),
    "api_reference": Entry(GET=ANYONE),
    "api_schema": Entry(GET=ANYONE),
    # allauth
    "account_login": Entry(GET=GUESTS, POST=GUESTS, foreign=True),
    "account_signup": Entry(GET=GUESTS, POST=GUESTS, foreign=True),
    "account_logout": Entry(GET="302 200 200 200 200 200", POST="302 302 302 302 302 302", foreign=True),
    "account_reauthenticate": Entry(GET=PEOPLE, POST=PEOPLE, foreign=True),
    "account_email": Entry(GET=PEOPLE, POST="302 302 302 302 302 302", foreign=True),
    "account_change_password": Entry(GET=PEOPLE, POST=PEOPLE, foreign=True),
    "account_set_password": Entry(GET="302 302 302 302 302 302", foreign=True),
    "account_inactive": Entry(GET=ANYONE, foreign=True),
    "account_email_verification_sent": Entry(GET=ANYONE, foreign=True),
    "account_confirm_email": Entry(
        lambda world: ["no-such-key"], GET=ANYONE, POST="404 404 404 404 404 404", foreign=True
    ),
    "account_confirm_login_code": Entry(GET="302 302 302 302 302 302", foreign=True),
    "account_reset_password": Entry(GET=ANYONE, POST=ANYONE, foreign=True),
    "account_reset_password_done": Entry(GET=ANYONE, foreign=True),
    "account_reset_password_from_key": Entry(lambda world: ["a", "no-such-key"], GET=ANYONE, foreign=True),
    "account_reset_password_from_key_done": Entry(GET=ANYONE, foreign=True),
    # one's own account
    "profile": Entry(GET=PEOPLE, POST="302 302 302 302 302 302"),
    "tokens": Entry(GET=PEOPLE, POST="302 422 422 422 422 422"),
    "token_revoke": Entry(token, POST="302 404 404 404 404 302"),
    "api_me": Entry(GET="401 200 200 200 200 200", PATCH="401 400 400 400 400 400"),
    "api_tokens": Entry(GET="401 200 200 200 200 200", POST="401 400 400 400 400 400"),
    "api_token": Entry(token, DELETE="401 404 404 404 404 204"),
    # one's own data
    "your_data": Entry(GET=PEOPLE),
    "your_data_download": Entry(GET=PEOPLE),
    "your_data_erase": Entry(GET=PEOPLE, POST="302 422 422 422 422 422"),
    "api_account_data": Entry(GET="401 200 200 200 200 200"),
    "api_account_data_download": Entry(GET="401 200 200 200 200 200"),
    "api_account_erase": Entry(GET="401 200 200 200 200 200", POST="401 400 400 400 400 400"),
    # invitation links
    "join": Entry(link, GET=ANYONE, POST="200 302 302 302 302 302"),
    "api_invitation_accept": Entry(POST="401 400 400 400 400 400"),
}
