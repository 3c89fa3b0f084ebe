-- What the tenant of the admin API consists of: policies, roles, entries of the audit log. The store
-- does not look into them.
CREATE TABLE documents (
    kind TEXT NOT NULL,
    id   TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT, WITHOUT ROWID;
