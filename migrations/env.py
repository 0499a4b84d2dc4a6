"""One Alembic environment for the core and for every installed plugin.

Core's revisions lie in migrations/versions (branch label "core"); a plugin's in its own folder
(branch label = plugin name, tables prefixed "<plugin>_"). Autogenerate looks at the tables of one
owner only: `-x only=core` (the default) or `-x only=<plugin>`.
"""

from alembic import context
from flask import current_app

from portal.database.applied import applied_rows, hide_implied, write_each_owner
from portal.database.exclusive import exclusive
from portal.database.owners import is_by_hand, owner_of_table

config = context.config
db = current_app.extensions["migrate"].db
only = context.get_x_argument(as_dictionary=True).get("only", "core")
# The database's revisions: a plugin that is named there keeps its tables, installed or not.
rows = set()


def include_name(name, type_, parent_names):
    # What is reflected from the database: never propose to drop other owners' tables.
    if type_ == "table":
        return owner_of_table(name, rows) == only and name != "alembic_version"
    return True


def include_object(obj, name, type_, reflected, compare_to):
    # What is in the metadata.
    if type_ == "table":
        return owner_of_table(name, rows) == only
    return not is_by_hand(name, type_, obj)


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
    with db.engine.connect() as connection, exclusive(connection):
        rows.update(applied_rows(connection))
        connection.commit()
        hide_implied(connection, context.script)
        if getattr(config.cmd_opts, "autogenerate", False):
            # Nothing is committed: the rows come back with the rollback.
            migrate(connection)
            return
        connection.commit()
        try:
            migrate(connection)
        finally:
            connection.rollback()
            write_each_owner(connection, context.script)
            connection.commit()


def migrate(connection):
    configure(connection=connection, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
