//! The MDM server: gateway, sessions, enrolment, sweeper, admin face.
