//! Every threshold of a judgement in one place, with a version that is kept beside the verdict.

/// The thresholds. Change one and give the set a new version.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Kept with every verdict.
    pub version: &'static str,
    /// Face and portrait belong together from this likeness on.
    pub face_accepted: f32,
    /// Below this they do not; between the two a counter decides.
    pub face_refused: f32,
    /// Above this the face is a copy of the portrait.
    pub face_copied: f32,
    /// Every frame is at least this like the first one.
    pub one_person: f32,
    /// Detector score of a face that may be compared.
    pub face_score: f32,
    /// Detector score of a face while the head moves.
    pub moving_face_score: f32,
    /// Smallest face, in pixels across.
    pub face_width: f32,
    /// Mean saturation below which a face picture is grey: a copy of a card.
    pub face_saturation: f32,
    /// Mean brightness of the face, least and most, 0 to 255.
    pub face_brightness: (f32, f32),
    /// Sharpness of the face, scaled to the size at which it is compared.
    pub face_sharpness: f32,
    /// How far the first frame may be turned away (see [`crate::presence`] for the measure).
    pub face_turn: f32,
    /// Smallest portrait on the straightened card, in pixels across.
    pub portrait_width: f32,
    /// Mean brightness of the card, 0 to 255.
    pub card_brightness: f32,
    /// Share of blown-out pixels on the card.
    pub card_glare: f32,
    /// Variance of the Laplacian on the card.
    pub card_sharpness: f32,
    /// Mean saturation of the card.
    pub card_saturation: f32,
    /// Movements and their timing.
    pub presence: Presence,
}

/// How far a head has to move, and how fast it may.
#[derive(Debug, Clone, PartialEq)]
pub struct Presence {
    /// Least change of yaw for a turn, in eye distances.
    pub turn: f32,
    /// Least change of pitch for a look up or down, in eye-to-mouth distances.
    pub tilt: f32,
    /// Least growth of the face for coming closer.
    pub closer: f32,
    /// Largest change of yaw or pitch between neighbouring frames of one movement.
    pub leap: f32,
    /// Frames of the whole answer, least and most.
    pub frames: (usize, usize),
    /// Milliseconds between neighbouring frames, least and most.
    pub gap_ms: (u32, u32),
    /// Milliseconds of the whole answer, least and most.
    pub whole_ms: (u32, u32),
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            version: "2026-11",
            face_accepted: 0.45,
            face_refused: 0.36,
            face_copied: 0.95,
            one_person: 0.45,
            face_score: 0.88,
            moving_face_score: 0.70,
            face_width: 160.0,
            face_saturation: 0.05,
            face_brightness: (40.0, 235.0),
            face_sharpness: 30.0,
            face_turn: 0.22,
            portrait_width: 100.0,
            card_brightness: 60.0,
            card_glare: 0.005,
            card_sharpness: 50.0,
            card_saturation: 0.035,
            presence: Presence {
                turn: 0.12,
                tilt: 0.035,
                closer: 1.12,
                leap: 0.8,
                frames: (3, 24),
                gap_ms: (30, 15_000),
                whole_ms: (600, 90_000),
            },
        }
    }
}
