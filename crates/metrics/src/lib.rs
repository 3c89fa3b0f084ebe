//! What server and fleet count, as Prometheus reads it.
