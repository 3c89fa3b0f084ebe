//! The server's decisions: enrolment, command queue, capability tables.
