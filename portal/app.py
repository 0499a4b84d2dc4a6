"""The application factory: an ordered list of steps, nothing read or written in the database."""

from collections.abc import Iterable
from datetime import timedelta
from importlib.metadata import EntryPoint

from flask import Flask
from flask_babel import get_locale
from werkzeug.middleware.proxy_fix import ProxyFix

from portal.config import Settings, load_settings
from portal.extensions import babel, csrf, db, engine_options, limiter, login_manager, migrate
from portal.i18n import DEFAULT_LANGUAGE, choose_language
from portal.paths import resource_dir

# Pages that a photo of proof may come with; forms without files are held far lower by Werkzeug.
MEGABYTE = 1024 * 1024


def create_app(
    settings: Settings | None = None, *, plugins: Iterable[EntryPoint] | None = None
) -> Flask:
    """Build the portal for one installation, with the plugins that are installed (or `plugins`).

    Raises SettingsError for a wrong setting.
    """
    settings = settings or load_settings()
    app = Flask("portal", template_folder=str(resource_dir("templates")))
    app.extensions["portal.settings"] = settings
    configure_flask(app, settings)
    configure_extensions(app, settings)
    configure_features(app)
    configure_messages(app, settings)
    configure_plugins(app, settings, plugins)
    configure_web(app, settings)
    return app


def configure_flask(app: Flask, settings: Settings) -> None:
    """Set Flask's and the extensions' own options."""
    app.config.from_mapping(
        SECRET_KEY=settings.secret_key,
        TESTING=settings.testing,
        DEBUG=settings.development,
        MAX_CONTENT_LENGTH=settings.upload_megabytes * MEGABYTE,
        MAX_FORM_PARTS=200,
        # The prefix lets browsers refuse one that another host has planted.
        SESSION_COOKIE_NAME="__Host-portal" if settings.secure_cookies else "portal",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        PERMANENT_SESSION_LIFETIME=timedelta(days=30),
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(days=365),
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url, pooled=settings.pooled),
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
        BABEL_DEFAULT_LOCALE=DEFAULT_LANGUAGE,
        BABEL_DEFAULT_TIMEZONE="Asia/Shanghai",
        BABEL_TRANSLATION_DIRECTORIES=str(resource_dir("translations")),
        RATELIMIT_STORAGE_URI=settings.redis_url or "memory://",
        RATELIMIT_STRATEGY="moving-window",
        RATELIMIT_HEADERS_ENABLED=True,
        RATELIMIT_ENABLED=not settings.testing,
    )
    if settings.proxies:
        hops = settings.proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops, x_prefix=hops
        )


def configure_extensions(app: Flask, settings: Settings) -> None:
    """Bind the extensions."""
    db.init_app(app)
    migrate.init_app(app, db, directory=str(resource_dir("migrations")))
    babel.init_app(app, locale_selector=choose_language)
    csrf.init_app(app)
    limiter.init_app(app)
    login_manager.init_app(app)
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.globals["get_locale"] = get_locale


def configure_features(app: Flask) -> None:
    """Register the core features' pages and commands."""
    from portal import features

    features.register(app)


def configure_messages(app: Flask, settings: Settings) -> None:
    """Choose who carries mails, text messages and WeChat messages."""
    from portal.club.queries import mail_from
    from portal.messages.models import Channel
    from portal.messages.senders import configure_senders

    chosen: dict[str, str] = {
        Channel.MAIL: settings.mail_sender,
        Channel.SMS: settings.sms_sender,
        Channel.WECHAT: settings.wechat_sender,
    }
    configure_senders(app, chosen, mail_from)


def configure_plugins(app: Flask, settings: Settings, plugins: Iterable[EntryPoint] | None) -> None:
    """Load the plugins, and put the ones that cannot be loaded into quarantine."""
    from portal.plugin_host import boot

    boot.configure_plugins(app, settings, plugins)


def configure_web(app: Flask, settings: Settings) -> None:
    """Put logs, headers, gate, layout and error pages around the features."""
    from portal.idempotency.keys import configure_idempotency
    from portal.web.errors import configure_errors
    from portal.web.gate import configure_gate
    from portal.web.headers import configure_headers
    from portal.web.health import configure_health
    from portal.web.layout import configure_layout
    from portal.web.logs import configure_logs
    from portal.web.metrics import configure_metrics

    configure_logs(app, settings)
    configure_metrics(app, settings)
    configure_headers(app)
    configure_health(app)
    configure_gate(app)
    configure_idempotency(app)
    configure_layout(app)
    configure_errors(app)
