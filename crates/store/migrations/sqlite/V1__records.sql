-- Bodies are JSON, the columns beside them are copies of what is searched for.

CREATE TABLE devices (
    id       BLOB    NOT NULL PRIMARY KEY,
    serial   TEXT    NOT NULL,
    enrolled INTEGER NOT NULL,
    body     TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- Apart from the bodies, because every decision moves a revision and few change a body: hundreds of
-- revisions share a page, and so do the writes of a group.
CREATE TABLE revisions (
    device   BLOB    NOT NULL PRIMARY KEY,
    revision INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One piece of hardware is managed once at a time.
CREATE UNIQUE INDEX devices_enrolled ON devices (serial) WHERE enrolled = 1;

-- No foreign key: a command is only ever written behind the revision guard of its device,
-- which proves that the device is there. Rows stand in order of acceptance, so that what is
-- accepted or answered together shares pages. No index on `pending` either: a load looks at
-- every command of one device anyway, to find the latest of each action, and an index that is
-- maintained at each change of state but never read would only slow the writer down.
CREATE TABLE commands (
    device   BLOB    NOT NULL,
    sequence INTEGER NOT NULL,
    id       BLOB    NOT NULL UNIQUE,
    state    TEXT    NOT NULL,
    pending  INTEGER NOT NULL, -- 1 while live, and while a passcode is shown
    action   TEXT    NOT NULL,
    body     TEXT    NOT NULL,
    UNIQUE (device, sequence)
) STRICT;

CREATE TABLE tokens (
    hash     BLOB    NOT NULL PRIMARY KEY,
    revision INTEGER NOT NULL,
    body     TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
