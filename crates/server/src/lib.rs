//! The MDM server: composition root of the server side.
//!
//! ```text
//! QUIC --gateway--> enrolment | session --registry--> control decides --store--> durable
//! HTTPS --admin--> backend -----------------^                 sweeper --^
//! ```
//!
//! Everything above the cores only carries: a session turns frames into calls on a device's
//! record, the registry lets the record decide and makes the decision durable before anyone
//! hears of it.

mod activation;
mod admin_face;
mod audit;
mod backend;
mod black_box;
mod chance;
mod clock;
mod config;
mod crash;
mod data_dir;
mod device_side;
mod enrolment;
mod farewell;
mod gateway;
mod intercept;
mod metrics;
mod planted;
mod policies;
mod push;
mod recall;
mod registry;
mod retry;
mod server;
mod session;
mod session_input;
mod slot;
mod stats;
mod sweeper;
mod tokens;
mod vendor_access;
mod watch;

pub use black_box::{
    Answered, CommandFacts, FACTS_FORMAT, Fact, NotTaken, RecordFacts, ServerFacts, Standing, What,
};
pub use config::{Exposure, ServerConfig};
pub use crash::{CrashAt, CrashAtError, CrashPoint, Step};
pub use data_dir::{DataDir, DataDirError, Endpoints};
pub use device_side::{DeviceSide, Rehearsal};
pub use metrics::ServerMetrics;
pub use recall::RecallError;
pub use retry::RetryFault;
pub use server::{Server, ServerError};
pub use stats::Totals;
pub use tokens::{
    TokenError, TokenKind, TokenRequest, issue_folder_token, profile_named, profiles,
};
pub use vendor_access::{AccessError, VendorAccess};
pub use watch::{CommandEnd, Ignored, Seen, Watch};
