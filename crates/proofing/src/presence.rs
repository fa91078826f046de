//! Presence: whether a living person answered the challenge, as far as a series of pictures can show.
//!
//! The first frame looks straight ahead; then each movement that was asked for, in its order, with a few frames each.
//! Movements are measured against the first frame: yaw and pitch from the five landmarks, coming closer by growth.
//! A flat photograph held to the camera can be moved and enlarged but its nose does not travel between its eyes.

use lionrock_model::proofing::{Action, Challenge, Reason};

use crate::face::look::Look;
use crate::policy::Presence;

/// Frames whose small versions differ by less than this, in grey levels, are the same picture.
const STILL: f32 = 0.6;

/// A movement counts when it is at least this strong beside the strongest other one: a head that turns also nods a
/// little, and a nod is measured more coarsely.
const RIVAL: f32 = 0.6;

/// One frame as far as presence is concerned.
pub(crate) struct Moment {
    /// The movement the frame answers; none for looking straight ahead.
    pub action: Option<Action>,
    pub look: Look,
    /// Mean difference to the frame before, in grey levels of a small version.
    pub change: f32,
}

/// Whether the frames' labels and times can be an answer to the challenge; asked before any picture is looked at.
pub(crate) fn timely(frames: &[(Option<Action>, u32)], challenge: &Challenge, policy: &Presence) -> Result<(), Reason> {
    let mut asked: Vec<Action> = Vec::new();
    let mut last = None;
    for (action, _) in frames {
        if let Some(action) = action
            && last != Some(*action)
        {
            asked.push(*action);
        }
        last = *action;
    }
    let neutral_first = frames.first().is_some_and(|(action, _)| action.is_none());
    if !neutral_first || asked != challenge.actions {
        return Err(Reason::ActionsNotFollowed);
    }
    let (least, most) = policy.gap_ms;
    let steady = frames.windows(2).all(|pair| match pair {
        [(_, before), (_, after)] => after.checked_sub(*before).is_some_and(|gap| (least..=most).contains(&gap)),
        _ => true,
    });
    let whole = match (frames.first(), frames.last()) {
        (Some((_, first)), Some((_, last))) => last.saturating_sub(*first),
        _ => 0,
    };
    if steady && (policy.whole_ms.0..=policy.whole_ms.1).contains(&whole) { Ok(()) } else { Err(Reason::Timing) }
}

/// Whether the head did what was asked.
pub(crate) fn followed(moments: &[Moment], challenge: &Challenge, policy: &Presence) -> Result<(), Reason> {
    let Some((neutral, moving)) = moments.split_first() else { return Err(Reason::PictureMissing) };
    if moving.iter().any(|moment| moment.change < STILL) {
        return Err(Reason::ReplaySuspected);
    }
    let answers: Vec<&[Moment]> = moving
        .chunk_by(|a, b| a.action == b.action)
        .filter(|group| group.first().is_some_and(|moment| moment.action.is_some()))
        .collect();
    if answers.len() != challenge.actions.len() {
        return Err(Reason::ActionsNotFollowed);
    }
    let mut before = None;
    for (group, asked) in answers.iter().zip(&challenge.actions) {
        let group = arrived(group, *asked, before.replace(*asked), &neutral.look, policy);
        let reached = |action: Action| {
            group.iter().map(|moment| strength(action, &moment.look, &neutral.look, policy)).fold(f32::MIN, f32::max)
        };
        let wanted = reached(*asked);
        let rival = Action::ALL.into_iter().filter(|action| action != asked).map(reached).fold(f32::MIN, f32::max);
        if wanted < 1.0 || wanted < RIVAL * rival || !smooth(group, policy) {
            return Err(Reason::ActionsNotFollowed);
        }
    }
    Ok(())
}

/// The frames of a movement without its first, when that one still shows the movement before: a person, or a camera on a
/// busy phone, is a moment behind the page. Two frames at least must remain.
fn arrived<'a>(
    group: &'a [Moment],
    asked: Action,
    before: Option<Action>,
    neutral: &Look,
    policy: &Presence,
) -> &'a [Moment] {
    let (Some(before), [first, rest @ ..]) = (before, group) else { return group };
    let late = strength(before, &first.look, neutral, policy) > strength(asked, &first.look, neutral, policy);
    if late && rest.len() >= 2 { rest } else { group }
}

/// How far a look has gone in an action's direction; 1 is far enough.
fn strength(action: Action, look: &Look, neutral: &Look, policy: &Presence) -> f32 {
    let (yaw, pitch) = (look.yaw - neutral.yaw, look.pitch - neutral.pitch);
    match action {
        Action::TurnLeft => yaw / policy.turn,
        Action::TurnRight => -yaw / policy.turn,
        Action::LookUp => -pitch / policy.tilt,
        Action::LookDown => pitch / policy.tilt,
        Action::ComeCloser => (look.growth(neutral) - 1.0) / (policy.closer - 1.0),
    }
}

/// Heads do not jump: neighbouring frames of one movement stay close.
fn smooth(group: &[Moment], policy: &Presence) -> bool {
    group.windows(2).all(|pair| match pair {
        [a, b] => (a.look.yaw - b.look.yaw).abs().max((a.look.pitch - b.look.pitch).abs()) <= policy.leap,
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::policy::Policy;

    fn look(yaw: f32, pitch: f32, size: f32) -> Look {
        Look { yaw, pitch, eyes: 0.2 * size, height: 0.25 * size }
    }

    fn moments(looks: &[(Option<Action>, Look)]) -> Vec<Moment> {
        looks.iter().map(|(action, look)| Moment { action: *action, look: *look, change: 5.0 }).collect()
    }

    fn answer() -> (Vec<Moment>, Challenge) {
        use Action::{ComeCloser, LookUp, TurnLeft};
        let frames = [
            (None, look(0.01, 0.5, 1.0)),
            (Some(TurnLeft), look(0.08, 0.5, 1.0)),
            (Some(TurnLeft), look(0.25, 0.49, 1.01)),
            (Some(LookUp), look(0.03, 0.45, 1.0)),
            (Some(LookUp), look(0.02, 0.36, 1.0)),
            (Some(ComeCloser), look(0.0, 0.5, 1.1)),
            (Some(ComeCloser), look(0.0, 0.51, 1.3)),
        ];
        (moments(&frames), Challenge { actions: vec![TurnLeft, LookUp, ComeCloser] })
    }

    fn labels(moments: &[Moment]) -> Vec<(Option<Action>, u32)> {
        moments.iter().enumerate().map(|(index, moment)| (moment.action, index as u32 * 400)).collect()
    }

    #[test]
    fn the_right_movements_in_their_order_are_accepted() {
        let (moments, challenge) = answer();
        let policy = Policy::default().presence;
        assert_eq!(followed(&moments, &challenge, &policy), Ok(()));
        let frames = labels(&moments);
        assert_eq!(timely(&frames, &challenge, &policy), Ok(()));
    }

    #[test]
    fn a_camera_a_moment_behind_the_page_shows_the_movement_before_once() {
        use Action::{LookUp, TurnLeft};
        let challenge = Challenge { actions: vec![TurnLeft, LookUp] };
        let policy = Policy::default().presence;
        let with = |up: &[(f32, f32)]| {
            let quiet = (None, look(0.01, 0.5, 1.0));
            let left = [0.2, 0.4, 0.5].map(|yaw| (Some(TurnLeft), look(yaw, 0.5, 1.0)));
            let up = up.iter().map(|(yaw, pitch)| (Some(LookUp), look(*yaw, *pitch, 1.0)));
            moments(&[quiet].into_iter().chain(left).chain(up).collect::<Vec<_>>())
        };
        // The turn at its far end stands where the look up should begin.
        assert_eq!(followed(&with(&[(0.5, 0.5), (0.02, 0.44), (0.02, 0.42)]), &challenge, &policy), Ok(()));
        assert_eq!(followed(&with(&[(0.45, 0.49), (0.02, 0.44), (0.02, 0.42)]), &challenge, &policy), Ok(()));
        // Twice is another answer than the one asked for; so is one that goes back to it; so is a single frame.
        for wrong in [
            &[(0.5, 0.5), (0.49, 0.5), (0.02, 0.44)][..],
            &[(0.02, 0.44), (0.02, 0.42), (0.5, 0.5)],
            &[(0.5, 0.5), (0.02, 0.44)],
            &[(0.5, 0.5), (0.02, 0.5), (0.02, 0.49)],
        ] {
            assert_eq!(followed(&with(wrong), &challenge, &policy), Err(Reason::ActionsNotFollowed), "{wrong:?}");
        }
    }

    #[test]
    fn another_order_is_refused_whether_the_labels_tell_or_not() {
        let (mut moments, mut challenge) = answer();
        let policy = Policy::default().presence;
        challenge.actions.swap(0, 1);
        let frames = labels(&moments);
        assert_eq!(timely(&frames, &challenge, &policy), Err(Reason::ActionsNotFollowed));
        // Labelled as asked, moved otherwise.
        for moment in &mut moments {
            moment.action = match moment.action {
                Some(Action::TurnLeft) => Some(Action::LookUp),
                Some(Action::LookUp) => Some(Action::TurnLeft),
                other => other,
            };
        }
        assert_eq!(followed(&moments, &challenge, &policy), Err(Reason::ActionsNotFollowed));
    }

    #[test]
    fn a_turn_to_the_other_side_is_not_the_turn_asked_for() {
        let (mut moments, challenge) = answer();
        for moment in &mut moments {
            moment.look.yaw = -moment.look.yaw;
        }
        assert_eq!(followed(&moments, &challenge, &Policy::default().presence), Err(Reason::ActionsNotFollowed));
    }

    #[test]
    fn still_pictures_and_impossible_times_are_refused() {
        let (mut moments, challenge) = answer();
        let policy = Policy::default().presence;
        let mut frames = labels(&moments);
        for moment in &mut moments {
            moment.look = look(0.01, 0.5, 1.0);
        }
        assert_eq!(followed(&moments, &challenge, &policy), Err(Reason::ActionsNotFollowed));
        moments.iter_mut().for_each(|moment| moment.change = 0.1);
        assert_eq!(followed(&moments, &challenge, &policy), Err(Reason::ReplaySuspected));
        frames.iter_mut().for_each(|frame| frame.1 = 7);
        assert_eq!(timely(&frames, &challenge, &policy), Err(Reason::Timing));
        for (index, frame) in frames.iter_mut().enumerate() {
            frame.1 = index as u32 * 14_000;
        }
        frames.last_mut().unwrap().1 = 99_000;
        assert_eq!(timely(&frames, &challenge, &policy), Err(Reason::Timing));
    }
}
