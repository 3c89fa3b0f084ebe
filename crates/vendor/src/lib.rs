//! The vendor's services over HTTPS: what Apple's activation server answers.
//!
//! A party of its own: it has its own CA, its own folder, and the server knows it as a stranger
//! whose address and certificate it was given. The truth about locks is behind [`Desk`]; this
//! crate only puts questions to it that arrive over the network, from whoever holds the
//! certificate the vendor has issued.
//!
//! ```text
//! POST /device/activationlock                          lock for the organisation   JSON
//! POST /deviceservicesworkers/escrowKeyUnlock          unlock with a bypass code   property list
//! GET  /v1/orgDevices/{serial}/activationLockStatus    the truth                   JSON
//! ```

mod body;
mod desk;
mod face;
mod folder;
mod lock;
mod router;
mod status;
mod unlock;

pub use body::BODY_BYTES_MAX;
pub use desk::{Desk, DeskError};
pub use face::{VendorConfig, VendorError, VendorFace};
pub use folder::{FolderError, VendorFolder};
pub use router::router;
