"""The invariants as queries: each returns account, and figures, of where the ledger breaks it.

One number of specs stands behind each name; a rule that no constraint could hold is here alone.
"""

BALANCES = """
    SELECT a.id AS account_id,
        coalesce(sum(CASE WHEN m.part = 'available' THEN m.amount END), 0) AS available,
        coalesce(sum(CASE WHEN m.part = 'pending' THEN m.amount END), 0) AS pending,
        coalesce(sum(CASE WHEN m.part = 'held' THEN m.amount END), 0) AS held,
        -coalesce(sum(CASE WHEN m.part = 'owed' THEN m.amount END), 0) AS owed
    FROM points_account a LEFT JOIN (
        SELECT credit_account_id AS account_id, credit_part AS part, amount FROM points_entry
        UNION ALL
        SELECT debit_account_id, debit_part, -amount FROM points_entry
    ) m ON m.account_id = a.id
    WHERE a.holder_kind <> 'system'
    GROUP BY a.id
"""
"""What every holder's balance must be, from the entries alone."""

_IN = "('available', 'pending', 'held')"
LOTS = f"""
    SELECT o.id, o.credit_account_id AS account_id, o.amount AS original,
        o.amount + coalesce(m.remaining, 0) AS remaining,
        coalesce(m.held, 0) AS held,
        o.credit_part = 'pending' AND m.matured_on IS NULL AS pending,
        coalesce(m.matured_on, o.effective_on) AS effective_on,
        coalesce(m.expires_on, o.expires_on) AS expires_on, o.bonus
    FROM points_entry o LEFT JOIN (
        SELECT lot_id,
            sum(CASE WHEN credit_part IN {_IN} THEN amount ELSE 0 END
                - CASE WHEN debit_part IN {_IN} THEN amount ELSE 0 END) AS remaining,
            sum(CASE WHEN credit_part = 'held' THEN amount ELSE 0 END
                - CASE WHEN debit_part = 'held' THEN amount ELSE 0 END) AS held,
            max(CASE WHEN debit_part = 'pending' AND credit_part = 'available'
                THEN effective_on END) AS matured_on,
            max(CASE WHEN debit_part = 'pending' AND credit_part = 'available'
                THEN expires_on END) AS expires_on
        FROM points_entry WHERE lot_id IS NOT NULL GROUP BY lot_id
    ) m ON m.lot_id = o.id
    WHERE o.lot_id IS NULL AND o.credit_part IN ('available', 'pending')
"""  # noqa: S608 - no value from outside
"""What every lot must be, from the entries alone."""

_DIRECTION = """
    CASE
        WHEN t.kind IN ('earn', 'award', 'receive', 'converted', 'reinstate') THEN t.amount
        WHEN t.kind IN ('spend', 'deduct', 'forfeit', 'capture', 'expire', 'give', 'convert')
            THEN -t.amount
        WHEN t.kind = 'reverse' AND r.kind IN ('earn', 'award') THEN -t.amount
        WHEN t.kind = 'reverse' THEN t.amount
        ELSE 0
    END
"""

RULES: dict[str, str] = {
    # 1
    "entry_has_two_sides_of_one_currency": """
        SELECT t.account_id, e.id AS entry, e.amount
        FROM points_entry e
        JOIN points_transaction t ON t.id = e.transaction_id
        JOIN points_account d ON d.id = e.debit_account_id
        JOIN points_account c ON c.id = e.credit_account_id
        WHERE e.amount <= 0
            OR (e.debit_account_id = e.credit_account_id AND e.debit_part = e.credit_part)
            OR d.currency_id <> e.currency_id OR c.currency_id <> e.currency_id
            OR (d.holder_kind = 'system') <> (e.debit_part = 'system')
            OR (c.holder_kind = 'system') <> (e.credit_part = 'system')
            OR (d.holder_kind <> 'system' AND d.id <> t.account_id)
            OR (c.holder_kind <> 'system' AND c.id <> t.account_id)
    """,
    # 2
    "currency_sums_to_zero": """
        SELECT min(a.id) AS account_id, a.currency_id AS currency, sum(a.amount) AS total
        FROM (
            SELECT a.id, a.currency_id,
                b.available + b.pending + b.held - b.owed AS amount
            FROM points_account a JOIN points_balance b ON b.account_id = a.id
            UNION ALL
            SELECT a.id, a.currency_id, e.amount FROM points_account a
            JOIN points_entry e ON e.credit_account_id = a.id WHERE a.holder_kind = 'system'
            UNION ALL
            SELECT a.id, a.currency_id, -e.amount FROM points_account a
            JOIN points_entry e ON e.debit_account_id = a.id WHERE a.holder_kind = 'system'
        ) a
        GROUP BY a.currency_id HAVING sum(a.amount) <> 0
    """,
    # 3
    "balance_is_in_lots": """
        SELECT b.account_id, b.available, b.pending, b.held,
            coalesce(l.free, 0) AS free_in_lots, coalesce(l.held, 0) AS held_in_lots,
            coalesce(l.pending, 0) AS pending_in_lots
        FROM points_balance b LEFT JOIN (
            SELECT account_id,
                sum(CASE WHEN pending THEN 0 ELSE remaining - held END) AS free,
                sum(held) AS held,
                sum(CASE WHEN pending THEN remaining ELSE 0 END) AS pending
            FROM points_lot GROUP BY account_id
        ) l ON l.account_id = b.account_id
        WHERE b.available <> coalesce(l.free, 0) OR b.held <> coalesce(l.held, 0)
            OR b.pending <> coalesce(l.pending, 0)
    """,
    # 4
    "lot_is_original_less_uses": f"""
        SELECT x.account_id, x.id AS lot, x.remaining AS by_entries, l.remaining
        FROM ({LOTS}) x LEFT JOIN points_lot l ON l.id = x.id
        WHERE l.id IS NULL OR l.original <> x.original OR l.remaining <> x.remaining
            OR l.held <> x.held OR l.account_id <> x.account_id
        UNION ALL
        SELECT l.account_id, l.id, 0, l.remaining FROM points_lot l
        JOIN points_entry e ON e.id = l.id
        WHERE e.lot_id IS NOT NULL OR e.credit_part NOT IN ('available', 'pending')
    """,  # noqa: S608
    # 5
    "lot_holds_what_it_says": """
        SELECT account_id, id AS lot, original, remaining, held FROM points_lot
        WHERE remaining < 0 OR remaining > original OR held < 0 OR held > remaining
            OR (pending AND held > 0)
    """,
    # 6
    "used_while_alive": """
        SELECT t.account_id, e.id AS entry, e.amount
        FROM points_entry e
        JOIN points_transaction t ON t.id = e.transaction_id
        JOIN points_account c ON c.id = e.credit_account_id
        WHERE e.debit_part = 'available' AND e.lot_id IS NOT NULL AND (
            t.booked_on < e.effective_on
            OR (t.booked_on > e.expires_on) <> (coalesce(c.system, '') = 'expired')
        )
        UNION ALL
        SELECT b.account_id, l.id, l.remaining FROM points_balance b
        JOIN points_lot l ON l.account_id = b.account_id
        WHERE (NOT l.pending AND l.remaining > l.held AND b.due_on > l.expires_on
                AND b.due_on > '9999-12-30' AND l.expires_on < '9999-12-31')
            OR (l.pending AND l.remaining > 0 AND b.due_on > l.effective_on)
    """,
    # 7
    "hold_ends_once": """
        SELECT h.account_id, h.id AS hold, count(t.id) AS ends
        FROM points_hold h LEFT JOIN points_transaction t ON t.ends_hold_id = h.id
        GROUP BY h.account_id, h.id, h.state
        HAVING count(t.id) <> CASE WHEN h.state = 'held' THEN 0 ELSE 1 END
        UNION ALL
        SELECT h.account_id, h.id, h.amount FROM points_hold h
        WHERE h.amount <> (
            SELECT coalesce(sum(e.amount), 0) FROM points_entry e
            WHERE e.transaction_id = h.id AND e.credit_part = 'held'
        ) OR (h.state <> 'held' AND h.amount <> (
            SELECT coalesce(sum(e.amount), 0) FROM points_entry e
            JOIN points_transaction t ON t.id = e.transaction_id
            WHERE t.ends_hold_id = h.id AND e.debit_part = 'held'
        ))
    """,
    # 8
    "key_is_one_posting": """
        SELECT min(account_id) AS account_id, count(*) AS postings
        FROM points_transaction GROUP BY key HAVING count(*) > 1
    """,
    # 9
    "reversed_within_posting": """
        SELECT t.account_id, t.id AS posting, t.amount, sum(r.amount) AS reversed
        FROM points_transaction t JOIN points_transaction r ON r.reverses_id = t.id
        LEFT JOIN points_reversed c ON c.transaction_id = t.id
        GROUP BY t.account_id, t.id, t.kind, t.amount, c.reversed, c.amount
        HAVING sum(r.amount) > t.amount OR t.kind = 'reverse'
            OR sum(r.amount) <> coalesce(c.reversed, 0) OR c.amount <> t.amount
    """,
    # 10
    "lot_keeps_its_days": """
        SELECT l.account_id, l.id AS lot, e.id AS entry
        FROM points_entry e JOIN points_lot l ON l.id = coalesce(e.lot_id, e.id)
        WHERE (e.debit_part IN ('available', 'held') OR e.credit_part IN ('available', 'held'))
            AND (e.expires_on <> l.expires_on OR e.effective_on <> l.effective_on
                OR e.expires_on IS NULL OR e.effective_on IS NULL OR l.pending)
    """,
    # 11
    "sealed_month_is_closed": """
        SELECT t.account_id, t.id AS posting, t.amount
        FROM points_transaction t JOIN points_sealed_month s ON s.month = {month}
        WHERE t.created_at > s.sealed_at
        UNION ALL
        SELECT t.account_id, t.id, t.amount
        FROM points_transaction t
        WHERE t.created_at > (SELECT max(sealed_at) FROM points_sealed_month)
            AND {month} < (SELECT max(month) FROM points_sealed_month)
            AND {month} NOT IN (SELECT month FROM points_sealed_month)
    """,
    # 13
    "statements_tie": """
        SELECT s.account_id, s.opening, s.closing, n.opening AS next_opening
        FROM points_statement s
        LEFT JOIN points_statement n ON n.account_id = s.account_id AND n.month = (
            SELECT min(month) FROM points_sealed_month WHERE month > s.month
        )
        WHERE s.opening + s.gained - s.used - s.expired <> s.closing OR n.opening <> s.closing
        UNION ALL
        SELECT m.account_id, m.gained, m.used, m.expired FROM (
            SELECT t.account_id, {month} AS month,
                sum(CASE WHEN e.debit_part = 'system' THEN e.amount ELSE 0 END) AS gained,
                sum(CASE WHEN e.credit_part = 'system' AND c.system <> 'expired'
                    THEN e.amount ELSE 0 END) AS used,
                sum(CASE WHEN c.system = 'expired' THEN e.amount ELSE 0 END) AS expired
            FROM points_entry e
            JOIN points_transaction t ON t.id = e.transaction_id
            JOIN points_account c ON c.id = e.credit_account_id
            WHERE (e.debit_part = 'system') <> (e.credit_part = 'system') AND t.kind <> 'extend'
            GROUP BY t.account_id, {month}
        ) m JOIN points_sealed_month d ON d.month = m.month
        LEFT JOIN points_statement s ON s.account_id = m.account_id AND s.month = m.month
        WHERE s.account_id IS NULL OR s.gained <> m.gained OR s.used <> m.used
            OR s.expired <> m.expired
    """,
    "moves_are_entries": """
        SELECT 0 AS account_id, x.month, x.currency_id AS currency, x.amount AS by_entries,
            coalesce(m.amount, 0) AS by_moves
        FROM (
            SELECT {month} AS month, e.currency_id,
                sum(CASE WHEN e.debit_part = 'system' THEN e.amount ELSE -e.amount END) AS amount
            FROM points_entry e JOIN points_transaction t ON t.id = e.transaction_id
            WHERE (e.debit_part = 'system') <> (e.credit_part = 'system')
                AND {month} <= (SELECT max(month) FROM points_sealed_month)
            GROUP BY {month}, e.currency_id
        ) x LEFT JOIN (
            SELECT month, currency_id,
                sum(issued + spent + expired + forfeited + adjusted + moved) AS amount
            FROM points_move GROUP BY month, currency_id
        ) m ON m.month = x.month AND m.currency_id = x.currency_id
        WHERE x.amount <> coalesce(m.amount, 0)
    """,
    # 14
    "outstanding_is_issued_less_gone": f"""
        SELECT b.account_id, b.available + b.pending + b.held - b.owed AS outstanding,
            coalesce(x.total, 0) AS by_postings
        FROM points_balance b LEFT JOIN (
            SELECT t.account_id, sum({_DIRECTION}) + coalesce(sum((
                SELECT sum(e.amount) FROM points_entry e
                WHERE e.transaction_id = t.id AND e.debit_part = 'system'
                    AND e.credit_part = 'system'
            )), 0) AS total
            FROM points_transaction t LEFT JOIN points_transaction r ON r.id = t.reverses_id
            GROUP BY t.account_id
        ) x ON x.account_id = b.account_id
        WHERE b.available + b.pending + b.held - b.owed <> coalesce(x.total, 0)
    """,  # noqa: S608
    # 15
    "qualifying_is_never_spent": """
        SELECT t.account_id, e.id AS entry, e.amount
        FROM points_entry e
        JOIN points_transaction t ON t.id = e.transaction_id
        JOIN points_currency u ON u.id = e.currency_id AND u.kind = 'qualifying'
        JOIN points_account c ON c.id = e.credit_account_id
        WHERE e.credit_part = 'held' OR c.system IN ('spent', 'convert', 'transfer')
            OR t.kind IN ('spend', 'hold', 'capture', 'give')
    """,
    # 16
    "campaign_within_budget": """
        SELECT coalesce(min(t.account_id), 0) AS account_id, b.id AS budget, b.total, b.used,
            coalesce(sum(t.amount - coalesce(r.reversed, 0)), 0) AS given
        FROM points_budget b LEFT JOIN points_transaction t ON t.budget_id = b.id
        LEFT JOIN points_reversed r ON r.transaction_id = t.id
        GROUP BY b.id, b.total, b.used
        HAVING b.used > b.total
            OR b.used <> coalesce(sum(t.amount - coalesce(r.reversed, 0)), 0)
    """,
    # 17
    "rebuild_is_equal": f"""
        SELECT x.account_id, x.available, x.pending, x.held, x.owed
        FROM ({BALANCES}) x LEFT JOIN points_balance b ON b.account_id = x.account_id
        WHERE b.account_id IS NULL OR b.available <> x.available OR b.pending <> x.pending
            OR b.held <> x.held OR b.owed <> x.owed
        UNION ALL
        SELECT x.account_id, x.remaining, 0, x.held, x.id
        FROM ({LOTS}) x LEFT JOIN points_lot l ON l.id = x.id
        WHERE l.id IS NULL OR l.pending <> x.pending OR l.bonus <> x.bonus
            OR l.expires_on <> x.expires_on
            OR coalesce(l.effective_on, '0001-01-01')
                <> coalesce(x.effective_on, '0001-01-01')
    """,  # noqa: S608
}
