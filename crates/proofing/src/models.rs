//! The networks, loaded once a process and run on one thread.

use std::sync::Arc;

use rten::{Model, ModelOptions, RunOptions, ThreadPool, Value};
use rten_tensor::NdTensorView;
use rten_tensor::prelude::*;
use zeroize::Zeroize;

use crate::card::{codes::Codes, template::Template};
use crate::text::read::Keys;

/// The contents of the files under `models/`, already compared with their digests by the caller.
pub struct ModelFiles {
    /// `face_detection_yunet_2023mar_dyn.onnx`
    pub face_detector: Vec<u8>,
    /// `face_recognition_sface_2021dec_int8_plain.onnx`
    pub face_embedder: Vec<u8>,
    /// `ppocrv5_det.onnx`
    pub text_detector: Vec<u8>,
    /// `ppocrv5_rec.onnx`
    pub text_reader: Vec<u8>,
    /// `ppocr_keys_v5.txt`
    pub keys: Vec<u8>,
    /// `ccc_table.tsv`
    pub codes: Vec<u8>,
}

impl ModelFiles {
    /// File names under `models/`, in the order of the fields.
    pub const NAMES: [&'static str; 6] = [
        "face_detection_yunet_2023mar_dyn.onnx",
        "face_recognition_sface_2021dec_int8_plain.onnx",
        "ppocrv5_det.onnx",
        "ppocrv5_rec.onnx",
        "ppocr_keys_v5.txt",
        "ccc_table.tsv",
    ];

    /// Gathers the six files by name; `read` is called once for each of [`Self::NAMES`].
    ///
    /// # Errors
    /// The first error of `read`.
    pub fn gather<E>(mut read: impl FnMut(&'static str) -> Result<Vec<u8>, E>) -> Result<Self, E> {
        let [face_detector, face_embedder, text_detector, text_reader, keys, codes] = Self::NAMES;
        Ok(Self {
            face_detector: read(face_detector)?,
            face_embedder: read(face_embedder)?,
            text_detector: read(text_detector)?,
            text_reader: read(text_reader)?,
            keys: read(keys)?,
            codes: read(codes)?,
        })
    }
}

/// A model file that cannot be used: the installation is at fault, not the person. Reinstall `models/`.
#[derive(Debug, thiserror::Error)]
#[error("the file {file} in the models folder cannot be used; restore the folder from the release")]
pub struct UnusableModel {
    /// Which one of [`ModelFiles::NAMES`], or the template.
    pub file: &'static str,
}

/// Everything that is the same for every judgement.
///
/// Making it starts the threads that inference uses; none is started later, so a sandbox may forbid them from here on.
pub struct Models {
    pub(crate) face_detector: Network,
    pub(crate) face_embedder: Network,
    pub(crate) text_detector: Network,
    pub(crate) text_reader: Network,
    pub(crate) keys: Keys,
    pub(crate) codes: Codes,
    pub(crate) templates: Vec<Template>,
}

impl Models {
    /// Parses the six files.
    ///
    /// # Errors
    /// Names the first file that cannot be used.
    pub fn from_bytes(files: ModelFiles) -> Result<Self, UnusableModel> {
        let pool = Arc::new(ThreadPool::with_num_threads(1));
        // The library starts a pool of its own on first use, even when another is given: let that happen now.
        let _ = rten::thread_pool();
        let load = |bytes, file| Network::load(bytes, Arc::clone(&pool)).ok_or(UnusableModel { file });
        let [face_detector, face_embedder, text_detector, text_reader, keys, codes] = ModelFiles::NAMES;
        let models = Self {
            face_detector: load(files.face_detector, face_detector)?,
            face_embedder: load(files.face_embedder, face_embedder)?,
            text_detector: load(files.text_detector, text_detector)?,
            text_reader: load(files.text_reader, text_reader)?,
            keys: Keys::parse(&files.keys).ok_or(UnusableModel { file: keys })?,
            codes: Codes::parse(&files.codes).ok_or(UnusableModel { file: codes })?,
            templates: Template::all().ok_or(UnusableModel { file: "card templates" })?,
        };
        let probe = models.face_detector.run(vec![0.0; 3 * 32 * 32], 32, 32);
        if probe.is_empty() { Err(UnusableModel { file: face_detector }) } else { Ok(models) }
    }
}

/// One loaded network.
pub(crate) struct Network {
    model: Model,
    pool: Arc<ThreadPool>,
}

impl Network {
    fn load(bytes: Vec<u8>, pool: Arc<ThreadPool>) -> Option<Self> {
        let model = ModelOptions::with_all_ops().prepack_weights(true).load(bytes).ok()?;
        Some(Self { model, pool })
    }

    /// Runs on one `[1, 3, height, width]` input, which is wiped afterwards; every output, in the graph's order.
    /// Empty when the graph cannot run, which callers treat as "nothing found".
    pub fn run(&self, mut planes: Vec<f32>, height: usize, width: usize) -> Vec<Value> {
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.pool)));
        let outputs =
            match (NdTensorView::from_data([1, 3, height, width], planes.as_slice()), self.model.input_ids().first()) {
                (view, Some(input)) => self
                    .model
                    .run(vec![(*input, view.into())], self.model.output_ids(), Some(options))
                    .unwrap_or_default(),
                (_, None) => Vec::new(),
            };
        planes.zeroize();
        outputs
    }
}

/// Wipes what a network said, when it says something of a person.
pub(crate) fn wipe(outputs: Vec<Value>) {
    for mut tensor in outputs.into_iter().filter_map(Value::into_tensor::<f32>) {
        if let Some(numbers) = tensor.data_mut() {
            numbers.zeroize();
        }
    }
}

/// The shape and numbers of an output; empty when it is not of floats.
pub(crate) fn floats(value: &Value) -> (Vec<usize>, Vec<f32>) {
    match value.as_tensor_view::<f32>() {
        Some(view) => (view.shape().to_vec(), view.to_vec()),
        None => (Vec::new(), Vec::new()),
    }
}
