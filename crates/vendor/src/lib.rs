//! The vendors' services over HTTPS: activation, and push.
//!
//! A party of its own: it has its own CA, its own folder, and the server knows it as a stranger
//! whose address and certificate it was given. The truth about locks is behind [`Desk`], that about
//! push tokens behind [`PushDesk`]; this crate only puts questions to them that arrive over the
//! network, from whoever holds the certificate the vendor has issued.
//!
//! ```text
//! POST /device/activationlock                          lock for the organisation   JSON
//! POST /deviceservicesworkers/escrowKeyUnlock          unlock with a bypass code   property list
//! GET  /v1/orgDevices/{serial}/activationLockStatus    the truth                   JSON
//! POST /3/device/{token}                               wake an Apple device        JSON
//! POST /v1/projects/{project}/messages:send            wake an Android             JSON
//! ```

mod body;
mod desk;
mod face;
mod folder;
mod lock;
mod push;
mod router;
mod status;
mod unlock;

pub use body::BODY_BYTES_MAX;
pub use desk::{Desk, DeskError};
pub use face::{VendorConfig, VendorError, VendorFace};
pub use folder::{FolderError, VendorFolder};
pub use push::{
    Collapse, Keep, PAYLOAD_BYTES_MAX, Push, PushDesk, PushRefusal, Urgency, push_router,
};
pub use router::router;
