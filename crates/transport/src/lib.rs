//! QUIC endpoints, TLS configuration, the run's CA and device certificates, framed streams.
