//! Can the platform serve?

use crate::{Fault, Platform};

/// Whether the store answers a question at all.
pub async fn store_answers(platform: &Platform) -> bool {
    platform.store.read(|tx| tx.first("SELECT 1", &[]).map_err(Fault::from)).await.is_ok()
}
