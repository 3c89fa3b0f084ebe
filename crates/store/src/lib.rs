//! Records at rest: SQLite and memory behind one interface, with grouped durable commits.
