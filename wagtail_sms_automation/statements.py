"""Rows written in the fewest steps, where save() would take most of the time.

Only columns and literals of our own models are written into the statements; values are
always bound.
"""

from collections.abc import Mapping, Sequence
from functools import cache

from django.db import connections, models, router


#: Fields whose values are bound as they are: to prepare a text takes longer.
TEXTS = (models.CharField, models.TextField)


def storable(text: str, length: int | None = None) -> str:
    """A text as any database takes it: no NUL, no half of a surrogate pair."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode("utf-8")[:length]


def update_each(rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Write these fields of each row, by one statement prepared once.

    bulk_update() builds a CASE of all rows for each field, which takes longer to make
    and to parse than the rows take to write.
    """
    if rows:
        meta = rows[0]._meta
        fields = [meta.get_field(name) for name in names]
        columns = ", ".join(f'"{field.column}" = %s' for field in fields)
        sql = f'UPDATE "{meta.db_table}" SET {columns} WHERE "{meta.pk.column}" = %s'  # noqa: S608 - names of our own columns
        _execute_each(sql, rows, [*fields, meta.pk])


def insert_each(rows: Sequence[models.Model], *, once: bool = False) -> None:
    """Store new rows, by one statement prepared once; with once, where none is there.

    bulk_create() writes one statement of all values, and is slow to.
    """
    if rows:
        model = rows[0].__class__
        sql = _insert(model, ()) + (" ON CONFLICT DO NOTHING" if once else "")
        _execute_each(sql, rows, _stored(model))


def insert_once(row: models.Model, begins_with: Mapping[str, str]) -> bool:
    """Store a new row; False where a unique key of it is taken already.

    begins_with: what every row has at first, as SQL by field name. It stands in the
    statement: to bind a value takes longer than to store it.
    """
    model = row.__class__
    connection = connections[router.db_for_write(model)]
    values = [
        getattr(row, field.attname)
        if isinstance(field, TEXTS)
        else field.get_db_prep_save(getattr(row, field.attname), connection)
        for field in _stored(model)
        if field.name not in begins_with
    ]
    sql = _insert(model, tuple(begins_with.items()))
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} ON CONFLICT DO NOTHING RETURNING id", values)
        stored = cursor.fetchone()
    if stored is None:
        return False
    row.pk, row._state.adding, row._state.db = stored[0], False, connection.alias
    return True


def _execute_each(sql, rows, fields):
    connection = connections[router.db_for_write(rows[0].__class__)]
    values = [
        [
            field.get_db_prep_save(getattr(row, field.attname), connection)
            for field in fields
        ]
        for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(sql, values)


def _stored(model):
    """All fields but the key, which the database makes."""
    return model._meta.concrete_fields[1:]


@cache
def _insert(model, literals):
    """The statement that stores a row; literals is SQL by field name."""
    values = {field.column: "%s" for field in _stored(model)}
    for name, sql in literals:
        values[model._meta.get_field(name).column] = sql
    columns = ", ".join(f'"{column}"' for column in values)
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({", ".join(values.values())})'  # noqa: S608, E501 - names of our own table
