"""One Alembic environment for the core and for every installed plugin.

Core's revisions lie in migrations/versions (branch label "core"); a plugin's in its own folder
(branch label = plugin name, tables prefixed "<plugin>_"). Autogenerate looks at the tables of one
owner only: `-x only=core` (the default) or `-x only=<plugin>`.
"""

from alembic import context
from flask import current_app

MIGRATION_LOCK = 7256101

config = context.config
db = current_app.extensions["migrate"].db
prefixes = current_app.extensions.get("portal.table_prefixes", {})
only = context.get_x_argument(as_dictionary=True).get("only", "core")


def owner_of(table_name):
    for name, prefix in prefixes.items():
        if table_name.startswith(prefix):
            return name
    return "core"


def include_name(name, type_, parent_names):
    # What is reflected from the database: never propose to drop other owners' tables.
    if type_ == "table":
        return owner_of(name) == only and name != "alembic_version"
    return True


def include_object(obj, name, type_, reflected, compare_to):
    # What is in the metadata.
    if type_ == "table":
        return owner_of(name) == only
    return True


def drop_empty_revision(ctx, revision, directives):
    if getattr(config.cmd_opts, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives[:] = []


def render_item(type_, obj, autogen_context):
    """Write our column types as the plain ones below them: a revision does not import the portal."""
    if type_ == "type" and type(obj).__module__.startswith("portal."):
        return (
            f"sa.{obj.impl!r}"
            if not hasattr(obj.impl, "timezone")
            else "sa.DateTime(timezone=True)"
        )
    return False


def configure(**options):
    context.configure(
        target_metadata=db.metadata,
        include_name=include_name,
        include_object=include_object,
        render_item=render_item,
        compare_type=True,
        compare_server_default=False,
        transaction_per_migration=True,
        process_revision_directives=drop_empty_revision,
        **options,
    )


def run_offline():
    configure(url=db.engine.url.render_as_string(hide_password=False), literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def run_online():
    with db.engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            # A batch "move and copy" drops the old table: keep the rows that refer to it.
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            connection.commit()
        else:
            connection.exec_driver_sql(f"SELECT pg_advisory_lock({MIGRATION_LOCK})")
            connection.commit()
        try:
            configure(connection=connection, render_as_batch=True)
            with context.begin_transaction():
                context.run_migrations()
            if sqlite:
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                if broken:
                    raise RuntimeError(f"migration left broken foreign keys: {broken[:5]}")
        finally:
            connection.rollback()
            if sqlite:
                # Begin and end a transaction of SQLAlchemy's around the pragma, which needs none.
                connection.exec_driver_sql("COMMIT")
                connection.exec_driver_sql("PRAGMA foreign_keys=ON")
                connection.exec_driver_sql("BEGIN")
            else:
                connection.exec_driver_sql(f"SELECT pg_advisory_unlock({MIGRATION_LOCK})")
            connection.commit()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
