//! Whole judgements: a card, a face, a challenge.

use image::{Rgb, RgbImage, imageops};
use lionrock_model::proofing::Action::{ComeCloser, LookDown, LookUp, TurnLeft, TurnRight};
use lionrock_model::proofing::{Action, Challenge, Judgement, Reason, Stage, Verdict};
use lionrock_proofing::policy::Policy;
use lionrock_proofing::{Capture, Frame, judge, judge_timed};
use lionrock_rehearsal::card::draw;
use lionrock_rehearsal::face::{selfie_frames, still_selfie};
use lionrock_rehearsal::people::{Person, registers_by_camera};
use lionrock_rehearsal::picture::{jpeg, without_colour};
use lionrock_rehearsal::scene::{Condition, photograph};

use crate::scenes::SEED;
use crate::stage::{MODELS, TODAY};

fn people() -> Vec<Person> {
    registers_by_camera(SEED).unwrap()
}

fn card(person: &Person) -> Vec<u8> {
    photograph(&draw(person, 3), Condition::Ordinary(1), 3)
}

fn frames(person: &Person, actions: &[Action]) -> Vec<Frame> {
    selfie_frames(person, actions, 3)
        .into_iter()
        .map(|(action, at_ms, picture)| Frame { action, at_ms, picture })
        .collect()
}

fn judged(card: Vec<u8>, frames: Vec<Frame>, actions: &[Action]) -> Judgement {
    judge(&MODELS, Capture { card, frames }, &Challenge { actions: actions.to_vec() }, TODAY, &mut |_| {})
}

#[track_caller]
fn says(judgement: &Judgement, verdict: Verdict, reason: Reason) {
    assert_eq!((judgement.verdict, judgement.reasons.as_slice()), (verdict, &[reason][..]));
    assert!(judgement.card.is_none(), "only an accepted card's text leaves");
}

#[test]
fn the_person_on_the_card_who_does_what_is_asked_is_accepted() {
    for person in people() {
        for actions in [&[TurnLeft, LookUp, ComeCloser][..], &[LookDown, TurnRight]] {
            let judgement = judged(card(&person), frames(&person, actions), actions);
            assert_eq!((judgement.verdict, judgement.reasons), (Verdict::Accepted, Vec::new()), "{}", person.slug);
            let text = judgement.card.unwrap();
            assert_eq!(text.hkid, person.facts.hkid.reveal());
            assert_eq!(text.english_name, person.facts.english_name.reveal());
        }
    }
}

#[test]
fn stages_are_told_in_order_and_timed() {
    let person = &people()[0];
    let actions = [TurnLeft, ComeCloser];
    let capture = Capture { card: card(person), frames: frames(person, &actions) };
    let begun = std::time::Instant::now();
    let challenge = Challenge { actions: actions.to_vec() };
    let (judgement, stages) =
        judge_timed(&Policy::default(), &MODELS, capture, &challenge, TODAY, &mut || begun.elapsed());
    assert_eq!(judgement.verdict, Verdict::Accepted);
    assert_eq!(stages.iter().map(|(stage, _)| *stage).collect::<Vec<_>>(), Stage::ALL);
    assert!(stages.iter().map(|(_, taken)| *taken).sum::<std::time::Duration>() <= begun.elapsed());
}

#[test]
fn another_order_is_refused_whatever_the_labels_say() {
    let person = &people()[1];
    let asked = [TurnRight, ComeCloser];
    let honest = frames(person, &[ComeCloser, TurnRight]);
    says(&judged(card(person), honest, &asked), Verdict::Retake, Reason::ActionsNotFollowed);
    let mut relabelled = frames(person, &[ComeCloser, TurnRight]);
    for frame in &mut relabelled {
        frame.action = frame.action.map(|action| if action == TurnRight { ComeCloser } else { TurnRight });
    }
    says(&judged(card(person), relabelled, &asked), Verdict::Retake, Reason::ActionsNotFollowed);
    let mirrored = frames(person, &[TurnLeft, ComeCloser])
        .into_iter()
        .map(|frame| Frame { action: frame.action.map(|a| if a == TurnLeft { TurnRight } else { a }), ..frame });
    says(&judged(card(person), mirrored.collect(), &asked), Verdict::Retake, Reason::ActionsNotFollowed);
}

#[test]
fn a_camera_one_moment_behind_the_page_is_no_wrong_answer() {
    let person = &people()[2];
    for actions in [[TurnLeft, LookUp], [TurnRight, LookDown], [LookUp, ComeCloser], [ComeCloser, TurnLeft]] {
        // The first picture of the second movement still shows the end of the first one.
        let mut late = frames(person, &actions);
        let again = selfie_frames(person, &actions, 5).remove(3).2;
        assert_eq!((late[3].action, late[4].action), (Some(actions[0]), Some(actions[1])));
        late[4].picture.clone_from(&again);
        let judgement = judged(card(person), late, &actions);
        assert_eq!((judgement.verdict, judgement.reasons), (Verdict::Accepted, Vec::new()), "{actions:?}");
        // All of its pictures: the second movement was never made.
        let mut never = frames(person, &actions);
        for (at, seed) in [(4, 5), (5, 6), (6, 7)] {
            never[at].picture = selfie_frames(person, &actions, seed).remove(3).2;
        }
        says(&judged(card(person), never, &actions), Verdict::Retake, Reason::ActionsNotFollowed);
    }
}

#[test]
fn still_pictures_are_refused() {
    let person = &people()[0];
    let actions = [TurnLeft, LookUp];
    let still = still_selfie(person, 1).unwrap();
    let same: Vec<Frame> =
        frames(person, &actions).into_iter().map(|frame| Frame { picture: still.clone(), ..frame }).collect();
    says(&judged(card(person), same, &actions), Verdict::Refused, Reason::ReplaySuspected);
    // A photograph held in a hand that shakes: other pixels each time, but no head that turns.
    let held = frames(person, &actions)
        .into_iter()
        .enumerate()
        .map(|(at, frame)| Frame { picture: still_selfie(person, at as u64).unwrap(), ..frame });
    says(&judged(card(person), held.collect(), &actions), Verdict::Retake, Reason::ActionsNotFollowed);
}

#[test]
fn times_that_make_no_sense_are_refused() {
    let person = &people()[0];
    let actions = [TurnLeft, LookUp];
    for at in [|_| 5, |index: u32| 10_000 - index * 400, |index: u32| index * 20_000] {
        let mut frames = frames(person, &actions);
        for (index, frame) in frames.iter_mut().enumerate() {
            frame.at_ms = at(index as u32);
        }
        says(&judged(card(person), frames, &actions), Verdict::Retake, Reason::Timing);
    }
}

#[test]
fn a_stranger_with_somebody_elses_card_is_refused() {
    let people = people();
    let actions = [TurnLeft, ComeCloser];
    for (holder, stranger) in [(0, 1), (1, 2), (2, 0)] {
        let judgement = judged(card(&people[holder]), frames(&people[stranger], &actions), &actions);
        says(&judgement, Verdict::Refused, Reason::NotTheSameFace);
    }
    let mut changed = frames(&people[0], &actions);
    let other = frames(&people[1], &actions).swap_remove(5);
    changed[5] = other;
    says(&judged(card(&people[0]), changed, &actions), Verdict::Refused, Reason::NotOnePerson);
}

#[test]
fn faces_are_counted() {
    let people = people();
    let actions = [TurnLeft, ComeCloser];
    let mut empty = frames(&people[0], &actions);
    empty[0].picture = jpeg(&RgbImage::from_pixel(640, 480, Rgb([120, 130, 140])), 90);
    says(&judged(card(&people[0]), empty, &actions), Verdict::Retake, Reason::NoFace);
    let mut crowd = frames(&people[0], &actions);
    let mut both = RgbImage::new(1280, 480);
    for (at, person) in people.iter().take(2).enumerate() {
        let picture = image::load_from_memory(&still_selfie(person, 1).unwrap()).unwrap().into_rgb8();
        imageops::replace(&mut both, &picture, at as i64 * 640, 0);
    }
    crowd[0].picture = jpeg(&both, 90);
    says(&judged(card(&people[0]), crowd, &actions), Verdict::Retake, Reason::TwoFaces);
}

#[test]
fn swapped_pictures_are_told_apart() {
    let person = &people()[0];
    let actions = [TurnLeft, ComeCloser];
    let mut frames = frames(person, &actions);
    let selfie = std::mem::replace(&mut frames[0].picture, card(person));
    says(&judged(selfie, frames, &actions), Verdict::Retake, Reason::PicturesSwapped);
}

#[test]
fn a_grey_face_is_a_copy() {
    let person = &people()[0];
    let actions = [TurnLeft, ComeCloser];
    let mut frames = frames(person, &actions);
    for frame in &mut frames {
        let picture = image::load_from_memory(&frame.picture).unwrap().into_rgb8();
        frame.picture = jpeg(&without_colour(&picture), 90);
    }
    says(&judged(card(person), frames, &actions), Verdict::Refused, Reason::ReplaySuspected);
}

#[test]
fn unusable_files_are_named() {
    let person = &people()[0];
    let actions = [TurnLeft, ComeCloser];
    let mut cut = card(person);
    cut.truncate(cut.len() / 2);
    says(&judged(cut, frames(person, &actions), &actions), Verdict::Retake, Reason::PictureBroken);
    says(&judged(b"hello".to_vec(), frames(person, &actions), &actions), Verdict::Retake, Reason::PictureBroken);
    let mut polyglot = card(person);
    polyglot.extend_from_slice(b"PK\x03\x04<script>");
    says(&judged(polyglot, frames(person, &actions), &actions), Verdict::Retake, Reason::PictureBroken);
    let mut large = card(person);
    large.resize(30 * 1024 * 1024, 0);
    says(&judged(large, frames(person, &actions), &actions), Verdict::Retake, Reason::PictureTooLarge);
    says(&judged(Vec::new(), frames(person, &actions), &actions), Verdict::Retake, Reason::PictureMissing);
    says(&judged(card(person), Vec::new(), &actions), Verdict::Retake, Reason::PictureMissing);
}
