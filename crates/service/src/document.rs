//! Documents that people bring: what their signatures are worth. Nothing of them is kept.

use crate::port::DocumentError;
use crate::port::document::{Anchors, Document, Judgement, LARGEST, LARGEST_SIGNATURE};
use crate::{Caller, Error, Platform, authority};
use lionrock_model::document::DocumentRefusal;
use std::sync::Arc;

/// Judges the signatures of a document, trusting this platform's own root.
///
/// # Errors
/// Refuses what cannot be read; faults of the store.
pub async fn verify(
    platform: &Arc<Platform>,
    caller: &Caller,
    document: Document,
    signature: Option<Vec<u8>>,
) -> Result<Judgement, Error<DocumentRefusal>> {
    if document.length() == 0 {
        return Err(Error::Refuse(DocumentRefusal::Missing));
    }
    if document.length() > LARGEST as u64 || signature.as_ref().is_some_and(|one| one.len() > LARGEST_SIGNATURE) {
        return Err(Error::Refuse(DocumentRefusal::TooLarge));
    }
    let chain = authority::chain(platform).await?;
    let certificates = chain.iter().map(|chain| chain.root.der().to_vec()).collect();
    let anchors = Anchors { certificates, policies: Vec::new(), now: authority::seconds(caller.now)? };
    match platform.ports.documents.judge(document, signature, anchors).await {
        Ok(judgement) => Ok(judgement),
        Err(why) => {
            tracing::info!(trace = %caller.trace, %why, "a document was not judged");
            Err(Error::Refuse(match why {
                DocumentError::Refused(_) => DocumentRefusal::Unreadable,
                DocumentError::Lost => DocumentRefusal::TooHard,
                DocumentError::Unavailable => DocumentRefusal::Busy,
            }))
        }
    }
}
