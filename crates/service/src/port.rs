//! The systems we call, as the use cases see them. `gateway` and `app` implement them.

pub mod activation;
pub mod document;
pub mod mail;
pub mod proofing;
pub mod push;
pub mod registry;

pub use activation::{Activation, ActivationError};
pub use document::{DocumentError, DocumentReader};
pub use mail::{Kept, Letter, Mail, MailError};
pub use proofing::{Ended, Judged, NotTaken, Opened, ProofingError, ProofingProvider, ProviderIdentity};
pub use push::{Notice, Push, PushError};
pub use registry::{Registry, RegistryAnswer, RegistryUnavailable};

use std::future::Future;
use std::pin::Pin;

/// A boxed answer in the future, so that a port can be chosen at run time.
pub type Answering<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
