//! `lionrock bench proofing`: how long a judgement takes, stage by stage, and how soon after the verdict nothing is left.
//!
//! Whole judgements run in real, confined workers, one at a time; the stages are timed in this process on one thread.

use super::figures::{Figures, percentile};
use crate::clock;
use crate::worker::models;
use crate::worker::pool::Pool;
use crate::worker::provider::Builtin;
use crate::worker::session::{Host, Launch};
use anyhow::{Context, Result, ensure};
use clap::Args;
use lionrock_crypto::hpke;
use lionrock_model::custody::{Label, Part, seal_info};
use lionrock_model::id::CustodyId;
use lionrock_model::proofing::{Action, Challenge, Stage, Verdict};
use lionrock_proofing::policy::Policy;
use lionrock_proofing::{Capture, Frame, Models, judge_timed};
use lionrock_rehearsal::scene::Condition;
use lionrock_rehearsal::{card, face, people, scene};
use lionrock_service::caller::{Entropy, System};
use lionrock_service::port::ProofingProvider;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::unbounded_channel;

/// How to measure.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// Judgements to measure.
    #[arg(long, default_value_t = 12)]
    rounds: usize,
    /// Folder of the card and face models.
    #[arg(long, default_value = "models")]
    models: PathBuf,
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

/// Pictures of one synthetic person, and the movements they show.
struct Sitting {
    card: Vec<u8>,
    frames: Vec<(Option<Action>, u32, Vec<u8>)>,
    challenge: Challenge,
}

/// Runs the bench.
///
/// # Errors
/// When a judgement is not an acceptance: a figure over something else would be none.
pub async fn run(arguments: &Arguments) -> Result<()> {
    let rounds = arguments.rounds.max(1);
    let sittings = sittings(rounds)?;
    let mut figures = Figures::new("proofing");
    let (mut whole, mut zeroise) = (Vec::new(), Vec::new());
    let provider = provider(arguments).await?;
    for sitting in &sittings {
        let (took, left) = in_a_worker(&provider, sitting).await?;
        whole.push(took);
        zeroise.push(left);
    }
    provider.pool().close().await;
    whole.sort_unstable();
    zeroise.sort_unstable();
    figures.add(
        "judgement_ms_p50",
        percentile(&whole, 0.5),
        "from the last picture to the verdict, in a confined worker",
    );
    figures.add("judgement_ms_p99", percentile(&whole, 0.99), "99 of 100 are quicker");
    figures.add("verdict_to_zeroise_ms_p99", percentile(&zeroise, 0.99), "from the verdict until nothing is left");
    for (stage, median) in stages(arguments, &sittings)? {
        figures.add(stage_name(stage), median, "median of this stage, one thread");
    }
    figures.show(arguments.json);
    Ok(())
}

const fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Decode => "stage_decode_ms",
        Stage::FindCard => "stage_find_card_ms",
        Stage::ReadCard => "stage_read_card_ms",
        Stage::FindFace => "stage_find_face_ms",
        Stage::Compare => "stage_compare_ms",
        Stage::Presence => "stage_presence_ms",
        Stage::Destroy => "stage_destroy_ms",
    }
}

fn sittings(rounds: usize) -> Result<Vec<Sitting>> {
    let people = people::registers_by_camera(1)?;
    let challenges = [
        vec![Action::TurnLeft, Action::LookUp],
        vec![Action::TurnRight, Action::ComeCloser],
        vec![Action::LookDown, Action::TurnLeft, Action::ComeCloser],
    ];
    let all = people.iter().cycle().zip(challenges.iter().cycle()).zip(0_u64..).take(rounds);
    Ok(all
        .map(|((person, actions), seed)| Sitting {
            card: scene::photograph(&card::draw(person, seed), Condition::Ordinary(1), seed),
            frames: face::selfie_frames(person, actions, seed),
            challenge: Challenge { actions: actions.clone() },
        })
        .collect())
}

async fn provider(arguments: &Arguments) -> Result<Arc<Builtin>> {
    let launch = Launch {
        program: std::env::current_exe()?,
        models: std::path::absolute(&arguments.models)?,
        strict: false,
        deadline: Duration::from_secs(120),
        idle: Duration::from_secs(60),
        host: Host::this(false),
    };
    let pool = Pool::start(launch, 2, 1)
        .await
        .with_context(|| format!("no worker starts with the models in {}", arguments.models.display()))?;
    Ok(Builtin::new(pool, "bench".to_owned(), [0; 16]).await)
}

#[allow(clippy::disallowed_methods, reason = "a bench reads the clock to measure")]
async fn in_a_worker(provider: &Arc<Builtin>, sitting: &Sitting) -> Result<(Duration, Duration)> {
    let source: &dyn Entropy = &System;
    let custody = CustodyId::new(clock::now(), source.array());
    let opened = provider.open(custody).await?;
    let faces = sitting.frames.iter().zip(0_u8..).map(|((action, at_ms, picture), number)| {
        (Label { part: Part::Face(number), at_ms: *at_ms, action: *action }, picture)
    });
    let card = (Label { part: Part::Card, at_ms: 0, action: None }, &sitting.card);
    for (label, picture) in std::iter::once(card).chain(faces) {
        let aad = label.associated_data(custody);
        let sealed = hpke::seal(&opened.seal_key, &seal_info(custody), aad.as_bytes(), picture)?;
        provider.receive(custody, label, sealed).await??;
    }
    let (progress, _stages) = unbounded_channel();
    let begun = Instant::now();
    let today = clock::now().hong_kong_date().to_string();
    let judged = provider.judge(custody, sitting.challenge.clone(), today, progress).await?;
    let took = begun.elapsed();
    ensure!(judged.judgement.verdict == Verdict::Accepted, "not accepted: {:?}", judged.judgement.reasons);
    Ok((took, judged.verdict_to_zeroise))
}

#[allow(clippy::disallowed_methods, reason = "a bench reads the clock to measure")]
fn stages(arguments: &Arguments, sittings: &[Sitting]) -> Result<Vec<(Stage, f64)>> {
    let models = Models::from_bytes(models::read(&arguments.models)?)?;
    let mut spans: Vec<Vec<Duration>> = vec![Vec::new(); Stage::ALL.len()];
    for sitting in sittings {
        let frames = sitting.frames.iter().map(|(action, at_ms, picture)| Frame {
            action: *action,
            at_ms: *at_ms,
            picture: picture.clone(),
        });
        let capture = Capture { card: sitting.card.clone(), frames: frames.collect() };
        let begun = Instant::now();
        let today = clock::now().hong_kong_date();
        let (_, took) =
            judge_timed(&Policy::default(), &models, capture, &sitting.challenge, today, &mut || begun.elapsed());
        for (stage, span) in took {
            if let Some(list) = Stage::ALL.iter().position(|known| *known == stage).and_then(|at| spans.get_mut(at)) {
                list.push(span);
            }
        }
    }
    let medians = Stage::ALL.into_iter().zip(spans).map(|(stage, mut list)| {
        list.sort_unstable();
        (stage, percentile(&list, 0.5))
    });
    Ok(medians.collect())
}
