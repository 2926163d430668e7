"""What retention needs: what each day of raw events holds, what was removed, and who may remove it.

Revision: 0006, after 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Like raw.ensure_partitions, these run with the owner's rights: the pipeline, which calls them, has
# no right to delete raw events, and so none to delete one that is not due. Whatever the caller
# says, no event goes that is younger than two days, or belongs to a load that is not settled.
CHECK = """
create function raw.check_removable(day date) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if day > (now() at time zone 'UTC')::date - 2 then
        raise exception 'raw events of % are too young to be removed', day;
    end if;
    if exists (
        select from raw.loads
        where state <> 'settled' and stored > 0
            and first_received_at < (day + 1)::timestamp at time zone 'UTC'
            and last_received_at >= day::timestamp at time zone 'UTC'
    ) then
        raise exception 'raw events of % belong to a load that is not settled', day;
    end if;
end
$$
"""

# The rows are counted before the lock, under which landings wait. What lands in between belongs to
# a load that is not settled. The parent is locked first, as inserts do.
DROP_DAY = """
create function raw.drop_day(day date, expected bigint) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
set lock_timeout = '3s' as $$
declare
    partition_name text := 'events_' || to_char(day, 'YYYYMMDD');
    found bigint;
begin
    perform raw.check_removable(day);
    select count(*) into found from raw.events
    where received_at >= day::timestamp at time zone 'UTC'
        and received_at < (day + 1)::timestamp at time zone 'UTC';
    if found <> expected then
        raise exception 'there are % raw events of %, not %', found, day, expected;
    end if;
    lock table only raw.events in access exclusive mode;
    perform raw.check_removable(day);
    delete from raw.events_default
    where received_at >= day::timestamp at time zone 'UTC'
        and received_at < (day + 1)::timestamp at time zone 'UTC';
    execute format('drop table if exists raw.%I', partition_name);
end
$$
"""

REMOVE_EVENTS = """
create function raw.remove_events(
    day date, load_ids bigint[], sources text[], categories text[], event_types text[]
) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    removed bigint;
begin
    perform raw.check_removable(day);
    delete from raw.events
    where received_at >= day::timestamp at time zone 'UTC'
        and received_at < (day + 1)::timestamp at time zone 'UTC'
        and load_id = any(load_ids)
        and (source, category, event_type)
            in (select * from unnest(sources, categories, event_types));
    get diagnostics removed = row_count;
    return removed;
end
$$
"""

REMOVE_QUARANTINE = """
create function raw.remove_quarantine(before timestamptz, most bigint) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    removed bigint;
begin
    delete from raw.quarantine
    where quarantine_id in (
        select quarantine_id from raw.quarantine
        where received_at < before and received_at < now() - interval '1 day'
        order by quarantine_id limit most
    );
    get diagnostics removed = row_count;
    return removed;
end
$$
"""

# A full refresh takes no event of which the load is not in the ledger, so a load goes last: when
# the partitions of its days are gone.
REMOVE_LOADS = """
create function raw.remove_loads(before timestamptz, most bigint) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    oldest timestamptz;
    removed bigint;
begin
    select least(
        (
            select min(to_date(right(relname, 8), 'YYYYMMDD'))::timestamp at time zone 'UTC'
            from pg_inherits inner join pg_class on pg_class.oid = inhrelid
            where inhparent = 'raw.events'::regclass and relname ~ '^events_[0-9]{8}$'
        ),
        (select min(received_at) from raw.events_default)
    ) into oldest;
    with gone as (
        delete from raw.loads
        where load_id in (
            select load_id from raw.loads
            where received_at < before and received_at < now() - interval '1 day'
                and (
                    stored = 0
                    or (state = 'settled' and last_received_at < coalesce(oldest, now()))
                )
            order by load_id limit most
        )
        returning load_id
    ),
    suppressions as (
        delete from raw.suppressions where load_id in (select load_id from gone)
    )
    select count(*) into removed from gone;
    return removed;
end
$$
"""

FUNCTIONS = (CHECK, DROP_DAY, REMOVE_EVENTS, REMOVE_QUARANTINE, REMOVE_LOADS)


def upgrade() -> None:
    op.create_table(
        "raw_contents",
        sa.Column("day", sa.Date(), nullable=False, comment="day of receipt, UTC"),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False, comment="share of the day's partition"),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "day", "source", "category", "event_type", name=op.f("pk_raw_contents")
        ),
        schema="ops",
        comment="What each past day of raw events holds, so that retention need not read it again.",
    )
    op.create_table(
        "removals",
        sa.Column("removal_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "removed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("what", sa.Text(), nullable=False, comment="table, or kind of file"),
        sa.Column("is_whole", sa.Boolean(), nullable=False, comment="a partition was dropped"),
        sa.Column("removed", sa.BigInteger(), nullable=False, comment="rows, or files"),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("oldest", sa.DateTime(timezone=True), nullable=True),
        sa.Column("newest", sa.DateTime(timezone=True), nullable=True),
        sa.Column("archive", sa.Text(), nullable=True, comment="file that holds it now"),
        sa.PrimaryKeyConstraint("removal_id", name=op.f("pk_removals")),
        schema="ops",
        comment="What retention has removed, and when.",
    )
    for function in FUNCTIONS:
        op.execute(function)


def downgrade() -> None:
    op.execute("drop function raw.remove_loads(timestamptz, bigint)")
    op.execute("drop function raw.remove_quarantine(timestamptz, bigint)")
    op.execute("drop function raw.remove_events(date, bigint[], text[], text[], text[])")
    op.execute("drop function raw.drop_day(date, bigint)")
    op.execute("drop function raw.check_removable(date)")
    op.drop_table("removals", schema="ops")
    op.drop_table("raw_contents", schema="ops")
