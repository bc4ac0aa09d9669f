"""The network that supports young organisations: nodes, rooms, residencies, trainings, hostings; and a role for it.

Revision: 0004
After: 0003
"""

import sqlalchemy as sa
from alembic import op

from market.db import types

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


_ROLES = (
    "operator", "district_finance", "district_civil", "district_reviewer", "key_escrow", "incubator", "street_clerk",
    "street_approver", "street_opener", "street_cashier", "street_checker", "organisation_admin",
    "organisation_editor", "organisation_signatory", "expert", "evaluator", "auditor",
)  # fmt: skip


def upgrade() -> None:
    _admit_role()
    _create_tables()


def _admit_role() -> None:
    """One more value in the check of `role_grant.role`; SQLite changes a check only by making the table anew."""
    check = "role IN ({})".format(", ".join(f"'{role}'" for role in _ROLES))
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_role_grant_role_known"), "role_grant", type_="check")
        op.create_check_constraint(op.f("ck_role_grant_role_known"), "role_grant", check)
        return
    there = connection.exec_driver_sql(
        "SELECT type, sql FROM sqlite_master WHERE tbl_name = 'role_grant' AND sql <> ''"
    )
    made = [(kind, sql) for kind, sql in there]
    table = next(sql for kind, sql in made if kind == "table")
    start = table.index("role IN (")
    table = table[:start] + check + table[table.index(")", start) + 1 :]
    op.execute(table.replace("role_grant", "role_grant_new", 1))
    op.execute("INSERT INTO role_grant_new SELECT * FROM role_grant")
    op.execute("DROP TABLE role_grant")
    op.execute("ALTER TABLE role_grant_new RENAME TO role_grant")
    for kind, sql in made:
        if kind == "index":
            op.execute(sql)


def _create_tables() -> None:
    op.create_table(
        "incubation_scheme",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("district_id", types.BigInt, nullable=False),
        sa.Column("number", types.BigInt, nullable=False),
        sa.Column("stages", types.JsonText(), nullable=False),
        sa.Column("dimensions", types.JsonText(), nullable=False),
        sa.Column("levels", types.JsonText(), nullable=False),
        sa.Column("made_by", types.BigInt, nullable=True),
        sa.Column("made_at", types.UtcInstant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["district_id"], ["district.id"], name=op.f("fk_incubation_scheme_district_id_district")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incubation_scheme")),
        sqlite_strict=True,
    )
    op.create_index("uq_incubation_scheme_number", "incubation_scheme", ["district_id", "number"], unique=True)
    op.create_table(
        "hosting",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("district_id", types.BigInt, nullable=False),
        sa.Column("group_id", types.BigInt, nullable=False),
        sa.Column("host_id", types.BigInt, nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", types.BigInt, nullable=True),
        sa.Column("proposed_at", types.UtcInstant(timezone=True), nullable=False),
        sa.Column("agreed_by", types.BigInt, nullable=True),
        sa.Column("agreed_at", types.UtcInstant(timezone=True), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.CheckConstraint("(state = 'ended') = (ended_on IS NOT NULL)", name=op.f("ck_hosting_ended_has_day")),
        sa.CheckConstraint(
            "(state IN ('live', 'ended')) = (agreed_at IS NOT NULL)", name=op.f("ck_hosting_agreed_has_time")
        ),
        sa.CheckConstraint("state IN ('proposed', 'declined', 'live', 'ended')", name=op.f("ck_hosting_state_known")),
        sa.CheckConstraint("ends_on >= begins_on", name=op.f("ck_hosting_term_forward")),
        sa.CheckConstraint("group_id <> host_id", name=op.f("ck_hosting_two_parties")),
        sa.ForeignKeyConstraint(["district_id"], ["district.id"], name=op.f("fk_hosting_district_id_district")),
        sa.ForeignKeyConstraint(["group_id"], ["organisation.id"], name=op.f("fk_hosting_group_id_organisation")),
        sa.ForeignKeyConstraint(["host_id"], ["organisation.id"], name=op.f("fk_hosting_host_id_organisation")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hosting")),
        sa.UniqueConstraint("token", name=op.f("uq_hosting_token")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_hosting_district_id"), "hosting", ["district_id"], unique=False)
    op.create_index(op.f("ix_hosting_group_id"), "hosting", ["group_id"], unique=False)
    op.create_index(op.f("ix_hosting_host_id"), "hosting", ["host_id"], unique=False)
    op.create_index(
        "uq_hosting_live",
        "hosting",
        ["group_id"],
        unique=True,
        sqlite_where=sa.text("state = 'live'"),
        postgresql_where=sa.text("state = 'live'"),
    )
    op.create_table(
        "incubation_node",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("district_id", types.BigInt, nullable=False),
        sa.Column("street_id", types.BigInt, nullable=True),
        sa.Column("parent_id", types.BigInt, nullable=True),
        sa.Column("operator_id", types.BigInt, nullable=True),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("area_m2", types.BigInt, nullable=False),
        sa.Column("workstations", types.BigInt, nullable=False),
        sa.Column("premises", sa.Text(), nullable=False),
        sa.Column("earlier_count", types.BigInt, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("opened_at", types.UtcInstant(timezone=True), nullable=False),
        sa.CheckConstraint("(level = 'district') = (parent_id IS NULL)", name=op.f("ck_incubation_node_base_is_root")),
        sa.CheckConstraint(
            "(level = 'district') = (street_id IS NULL)", name=op.f("ck_incubation_node_base_has_no_street")
        ),
        sa.CheckConstraint(
            "level IN ('district', 'street', 'community', 'courtyard')", name=op.f("ck_incubation_node_level_known")
        ),
        sa.CheckConstraint("state IN ('open', 'closed')", name=op.f("ck_incubation_node_state_known")),
        sa.CheckConstraint(
            "area_m2 >= 0 AND workstations >= 0 AND earlier_count >= 0", name=op.f("ck_incubation_node_counts_natural")
        ),
        sa.ForeignKeyConstraint(["district_id"], ["district.id"], name=op.f("fk_incubation_node_district_id_district")),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["organisation.id"], name=op.f("fk_incubation_node_operator_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["incubation_node.id"], name=op.f("fk_incubation_node_parent_id_incubation_node")
        ),
        sa.ForeignKeyConstraint(["street_id"], ["street.id"], name=op.f("fk_incubation_node_street_id_street")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incubation_node")),
        sa.UniqueConstraint("token", name=op.f("uq_incubation_node_token")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_incubation_node_district_id"), "incubation_node", ["district_id"], unique=False)
    op.create_index(op.f("ix_incubation_node_operator_id"), "incubation_node", ["operator_id"], unique=False)
    op.create_index(op.f("ix_incubation_node_parent_id"), "incubation_node", ["parent_id"], unique=False)
    op.create_index(
        "uq_incubation_node_one_base",
        "incubation_node",
        ["district_id"],
        unique=True,
        sqlite_where=sa.text("level = 'district' AND state = 'open'"),
        postgresql_where=sa.text("level = 'district' AND state = 'open'"),
    )
    op.create_index(
        "uq_incubation_node_one_centre",
        "incubation_node",
        ["street_id"],
        unique=True,
        sqlite_where=sa.text("level = 'street' AND state = 'open'"),
        postgresql_where=sa.text("level = 'street' AND state = 'open'"),
    )
    op.create_table(
        "incubation_operating",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("node_id", types.BigInt, nullable=False),
        sa.Column("organisation_id", types.BigInt, nullable=False),
        sa.Column("began_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "ended_on IS NULL OR ended_on >= began_on", name=op.f("ck_incubation_operating_ends_after_begin")
        ),
        sa.ForeignKeyConstraint(
            ["node_id"], ["incubation_node.id"], name=op.f("fk_incubation_operating_node_id_incubation_node")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_incubation_operating_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incubation_operating")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_incubation_operating_node_id"), "incubation_operating", ["node_id"], unique=False)
    op.create_index(
        op.f("ix_incubation_operating_organisation_id"), "incubation_operating", ["organisation_id"], unique=False
    )
    op.create_index(
        "uq_incubation_operating_live",
        "incubation_operating",
        ["node_id"],
        unique=True,
        sqlite_where=sa.text("ended_on IS NULL"),
        postgresql_where=sa.text("ended_on IS NULL"),
    )
    op.create_table(
        "incubation_room",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("node_id", types.BigInt, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seats", types.BigInt, nullable=False),
        sa.Column("equipment", sa.Text(), nullable=False),
        sa.Column("opens", types.BigInt, nullable=False),
        sa.Column("closes", types.BigInt, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "opens >= 0 AND opens < closes AND closes <= 48", name=op.f("ck_incubation_room_hours_of_a_day")
        ),
        sa.CheckConstraint("seats > 0", name=op.f("ck_incubation_room_seats_positive")),
        sa.ForeignKeyConstraint(
            ["node_id"], ["incubation_node.id"], name=op.f("fk_incubation_room_node_id_incubation_node")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incubation_room")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_incubation_room_node_id"), "incubation_room", ["node_id"], unique=False)
    op.create_table(
        "residency",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("node_id", types.BigInt, nullable=False),
        sa.Column("district_id", types.BigInt, nullable=False),
        sa.Column("street_id", types.BigInt, nullable=True),
        sa.Column("organisation_id", types.BigInt, nullable=False),
        sa.Column("operator_id", types.BigInt, nullable=True),
        sa.Column("successor_id", types.BigInt, nullable=True),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("track", sa.Text(), nullable=False),
        sa.Column("workstations", types.BigInt, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("support_wanted", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("calendar", sa.Text(), nullable=False),
        sa.Column("applied_at", types.UtcInstant(timezone=True), nullable=False),
        sa.Column("admitted_at", types.UtcInstant(timezone=True), nullable=True),
        sa.Column("scheme_id", types.BigInt, nullable=True),
        sa.Column("agreement_text", sa.Text(), nullable=False),
        sa.Column("agreement_digest", sa.Text(), nullable=True),
        sa.Column("offered_by", types.BigInt, nullable=True),
        sa.Column("offered_at", types.UtcInstant(timezone=True), nullable=True),
        sa.Column("accepted_by", types.BigInt, nullable=True),
        sa.Column("accepted_at", types.UtcInstant(timezone=True), nullable=True),
        sa.Column("term_months", types.BigInt, nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("register_by", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("service_fields", sa.Text(), nullable=False),
        sa.Column("handed_back_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(state IN ('incubating', 'leaving', 'left', 'graduated')) = (accepted_at IS NOT NULL)",
            name=op.f("ck_residency_ran_has_acceptance"),
        ),
        sa.CheckConstraint(
            "(state IN ('left', 'graduated')) = (ended_on IS NOT NULL)", name=op.f("ck_residency_ended_has_day")
        ),
        sa.CheckConstraint("mode IN ('physical', 'virtual')", name=op.f("ck_residency_mode_known")),
        sa.CheckConstraint(
            "state <> 'left' OR handed_back_on IS NOT NULL", name=op.f("ck_residency_left_has_handed_back")
        ),
        sa.CheckConstraint(
            "state <> 'offered' OR offered_at IS NOT NULL", name=op.f("ck_residency_offered_has_agreement")
        ),
        sa.CheckConstraint(
            "state IN ('applied', 'returned', 'reviewing', 'refused', 'withdrawn', 'admitted', 'offered', 'incubating', 'leaving', 'left', 'graduated')",
            name=op.f("ck_residency_state_known"),
        ),
        sa.CheckConstraint("track IN ('concentrated', 'grid')", name=op.f("ck_residency_track_known")),
        sa.CheckConstraint(
            "workstations >= 0 AND (mode = 'physical' OR workstations = 0)",
            name=op.f("ck_residency_virtual_takes_no_space"),
        ),
        sa.CheckConstraint(
            "(accepted_at IS NULL) = (starts_on IS NULL OR ends_on IS NULL)",
            name=op.f("ck_residency_accepted_has_term"),
        ),
        sa.CheckConstraint(
            "(agreement_digest IS NULL) = (offered_at IS NULL)", name=op.f("ck_residency_offer_has_digest")
        ),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_residency_term_forward")),
        sa.ForeignKeyConstraint(["node_id"], ["incubation_node.id"], name=op.f("fk_residency_node_id_incubation_node")),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["organisation.id"], name=op.f("fk_residency_operator_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_residency_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["scheme_id"], ["incubation_scheme.id"], name=op.f("fk_residency_scheme_id_incubation_scheme")
        ),
        sa.ForeignKeyConstraint(
            ["successor_id"], ["organisation.id"], name=op.f("fk_residency_successor_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_residency")),
        sa.UniqueConstraint("token", name=op.f("uq_residency_token")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_residency_district_id_state"), "residency", ["district_id", "state"], unique=False)
    op.create_index(op.f("ix_residency_node_id"), "residency", ["node_id"], unique=False)
    op.create_index(op.f("ix_residency_operator_id"), "residency", ["operator_id"], unique=False)
    op.create_index(op.f("ix_residency_organisation_id"), "residency", ["organisation_id"], unique=False)
    op.create_index(
        "uq_residency_live",
        "residency",
        ["organisation_id"],
        unique=True,
        sqlite_where=sa.text("state NOT IN ('refused', 'withdrawn', 'left', 'graduated')"),
        postgresql_where=sa.text("state NOT IN ('refused', 'withdrawn', 'left', 'graduated')"),
    )
    op.create_table(
        "assessment",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("residency_id", types.BigInt, nullable=False),
        sa.Column("moment", sa.Text(), nullable=False),
        sa.Column("levels", types.JsonText(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_by", types.BigInt, nullable=True),
        sa.Column("made_at", types.UtcInstant(timezone=True), nullable=False),
        sa.CheckConstraint("moment IN ('before', 'after')", name=op.f("ck_assessment_moment_known")),
        sa.ForeignKeyConstraint(["residency_id"], ["residency.id"], name=op.f("fk_assessment_residency_id_residency")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment")),
        sa.UniqueConstraint("residency_id", "moment", name=op.f("uq_assessment_residency_id_moment")),
        sqlite_strict=True,
    )
    op.create_table(
        "incubation_booking",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("room_id", types.BigInt, nullable=False),
        sa.Column("district_id", types.BigInt, nullable=False),
        sa.Column("street_id", types.BigInt, nullable=True),
        sa.Column("operator_id", types.BigInt, nullable=True),
        sa.Column("organisation_id", types.BigInt, nullable=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("from_slot", types.BigInt, nullable=False),
        sa.Column("until_slot", types.BigInt, nullable=False),
        sa.Column("weeks", types.BigInt, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("booked_by", types.BigInt, nullable=True),
        sa.Column("booked_at", types.UtcInstant(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('booked', 'cancelled')", name=op.f("ck_incubation_booking_state_known")),
        sa.CheckConstraint(
            "from_slot >= 0 AND from_slot < until_slot AND until_slot <= 48",
            name=op.f("ck_incubation_booking_hours_forward"),
        ),
        sa.CheckConstraint("weeks > 0", name=op.f("ck_incubation_booking_weeks_positive")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_incubation_booking_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["room_id"], ["incubation_room.id"], name=op.f("fk_incubation_booking_room_id_incubation_room")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incubation_booking")),
        sqlite_strict=True,
    )
    op.create_index(
        op.f("ix_incubation_booking_organisation_id"), "incubation_booking", ["organisation_id"], unique=False
    )
    op.create_index(op.f("ix_incubation_booking_room_id"), "incubation_booking", ["room_id"], unique=False)
    op.create_table(
        "mentoring",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("residency_id", types.BigInt, nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("mentor", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("minutes", types.BigInt, nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("noted_by", types.BigInt, nullable=True),
        sa.Column("noted_at", types.UtcInstant(timezone=True), nullable=False),
        sa.CheckConstraint("minutes BETWEEN 1 AND 720", name=op.f("ck_mentoring_minutes_of_a_day")),
        sa.ForeignKeyConstraint(["residency_id"], ["residency.id"], name=op.f("fk_mentoring_residency_id_residency")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mentoring")),
        sa.UniqueConstraint("token", name=op.f("uq_mentoring_token")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_mentoring_residency_id"), "mentoring", ["residency_id"], unique=False)
    op.create_table(
        "residency_stage",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("residency_id", types.BigInt, nullable=False),
        sa.Column("position", types.BigInt, nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("passed_by", types.BigInt, nullable=True),
        sa.Column("passed_at", types.UtcInstant(timezone=True), nullable=False),
        sa.CheckConstraint("position > 0", name=op.f("ck_residency_stage_position_positive")),
        sa.ForeignKeyConstraint(
            ["residency_id"], ["residency.id"], name=op.f("fk_residency_stage_residency_id_residency")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_residency_stage")),
        sa.UniqueConstraint("residency_id", "position", name=op.f("uq_residency_stage_residency_id_position")),
        sqlite_strict=True,
    )
    op.create_table(
        "incubation_slot",
        sa.Column("room_id", types.BigInt, autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("slot", types.BigInt, autoincrement=False, nullable=False),
        sa.Column("booking_id", types.BigInt, nullable=False),
        sa.CheckConstraint("slot >= 0 AND slot < 48", name=op.f("ck_incubation_slot_slot_of_a_day")),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["incubation_booking.id"], name=op.f("fk_incubation_slot_booking_id_incubation_booking")
        ),
        sa.ForeignKeyConstraint(
            ["room_id"], ["incubation_room.id"], name=op.f("fk_incubation_slot_room_id_incubation_room")
        ),
        sa.PrimaryKeyConstraint("room_id", "day", "slot", name=op.f("pk_incubation_slot")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_incubation_slot_booking_id"), "incubation_slot", ["booking_id"], unique=False)
    op.create_table(
        "training",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("node_id", types.BigInt, nullable=False),
        sa.Column("district_id", types.BigInt, nullable=False),
        sa.Column("street_id", types.BigInt, nullable=True),
        sa.Column("operator_id", types.BigInt, nullable=True),
        sa.Column("booking_id", types.BigInt, nullable=True),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("teacher", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("starts_at", types.UtcInstant(timezone=True), nullable=False),
        sa.Column("ends_at", types.UtcInstant(timezone=True), nullable=False),
        sa.Column("seats", types.BigInt, nullable=False),
        sa.Column("minutes", types.BigInt, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("planned_by", types.BigInt, nullable=True),
        sa.Column("planned_at", types.UtcInstant(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('planned', 'held', 'cancelled')", name=op.f("ck_training_state_known")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_training_time_forward")),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_training_minutes_positive")),
        sa.CheckConstraint("seats BETWEEN 1 AND 999", name=op.f("ck_training_seats_in_range")),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["incubation_booking.id"], name=op.f("fk_training_booking_id_incubation_booking")
        ),
        sa.ForeignKeyConstraint(["node_id"], ["incubation_node.id"], name=op.f("fk_training_node_id_incubation_node")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training")),
        sa.UniqueConstraint("token", name=op.f("uq_training_token")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_training_district_id_state"), "training", ["district_id", "state"], unique=False)
    op.create_index(op.f("ix_training_node_id"), "training", ["node_id"], unique=False)
    op.create_table(
        "training_seat",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("training_id", types.BigInt, nullable=False),
        sa.Column("organisation_id", types.BigInt, nullable=False),
        sa.Column("number", types.BigInt, nullable=False),
        sa.Column("attendee", sa.Text(), nullable=False),
        sa.Column("minutes", types.BigInt, nullable=True),
        sa.Column("certificate", sa.Text(), nullable=True),
        sa.Column("signed_up_by", types.BigInt, nullable=True),
        sa.Column("signed_up_at", types.UtcInstant(timezone=True), nullable=False),
        sa.CheckConstraint(
            "certificate IS NULL OR minutes > 0", name=op.f("ck_training_seat_certificate_needs_attendance")
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_training_seat_number_positive")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_training_seat_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["training_id"], ["training.id"], name=op.f("fk_training_seat_training_id_training")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_seat")),
        sa.UniqueConstraint("certificate", name=op.f("uq_training_seat_certificate")),
        sa.UniqueConstraint("training_id", "number", name=op.f("uq_training_seat_training_id_number")),
        sa.UniqueConstraint(
            "training_id",
            "organisation_id",
            "attendee",
            name=op.f("uq_training_seat_training_id_organisation_id_attendee"),
        ),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_training_seat_organisation_id"), "training_seat", ["organisation_id"], unique=False)
