//! Cards, photographs and faces: repeatable, decodable, what they say they are.

use image::ImageFormat;
use lionrock_model::proofing::Action;
use lionrock_rehearsal::people::{folder, residents};
use lionrock_rehearsal::scene::{Condition, photograph, shoot};
use lionrock_rehearsal::{card, face, video};

fn decoded(jpeg: &[u8]) -> image::RgbImage {
    image::load_from_memory_with_format(jpeg, ImageFormat::Jpeg).unwrap().into_rgb8()
}

#[test]
fn a_card_is_repeatable_coloured_and_marked() {
    let people = residents(1, 4).unwrap();
    for person in &people {
        let drawn = card::draw(person, 9);
        assert_eq!(drawn, card::draw(person, 9));
        assert_ne!(drawn, card::draw(person, 10));
        assert_eq!(drawn.dimensions(), (1011, 638));
        let red = drawn.pixels().filter(|p| p.0[0] > 170 && p.0[1] < 90 && p.0[2] < 90).count();
        assert!(red > 5_000, "the specimen's marks: {red} red pixels");
        let blank = card::blank(9).pixels().filter(|p| p.0[0] > 170 && p.0[1] < 90 && p.0[2] < 90).count();
        assert_eq!(blank, 0);
    }
    assert_ne!(card::draw(&people[0], 9), card::draw(&people[1], 9));
}

#[test]
fn every_condition_is_repeatable_and_decodes() {
    let person = &residents(1, 1).unwrap()[0];
    let drawn = card::draw(person, 1);
    let mut seen = std::collections::BTreeSet::new();
    for condition in Condition::ALL {
        assert_eq!(Condition::from_name(condition.name()), Some(condition));
        let shot = shoot(&drawn, condition, 4);
        let picture = decoded(&shot.jpeg);
        let size = match condition {
            Condition::Small => (480, 360),
            Condition::Quarter | Condition::ExifQuarter => (1200, 1600),
            _ => (1600, 1200),
        };
        assert_eq!(picture.dimensions(), size, "{}", condition.name());
        let (wide, tall) = if condition == Condition::ExifQuarter { (size.1, size.0) } else { size };
        let inside = |(x, y): (f32, f32)| x > 0.0 && y > 0.0 && x < wide as f32 && y < tall as f32;
        assert!(shot.corners.into_iter().all(inside), "{} {:?}", condition.name(), shot.corners);
        assert!(seen.insert(shot.jpeg), "{} looks like another", condition.name());
    }
    let again = |seed| photograph(&drawn, Condition::Ordinary(3), seed);
    assert_eq!(again(8), again(8));
    assert_ne!(again(8), again(9));
}

#[test]
fn conditions_do_what_they_say() {
    let person = &residents(1, 1).unwrap()[0];
    let drawn = card::draw(person, 1);
    let mean = |condition| {
        let picture = decoded(&photograph(&drawn, condition, 2));
        let total: u64 = picture.pixels().map(|p| p.0.iter().map(|v| u64::from(*v)).sum::<u64>()).sum();
        total as f32 / (picture.len() as f32)
    };
    assert!(mean(Condition::Dark) < 0.25 * mean(Condition::Ordinary(0)));
    let grey = decoded(&photograph(&drawn, Condition::GreyCopy, 2));
    assert!(grey.pixels().all(|p| p.0.iter().max().unwrap() - p.0.iter().min().unwrap() <= 3));
    let white = |condition| {
        decoded(&photograph(&drawn, condition, 2)).pixels().filter(|p| p.0.iter().all(|v| *v >= 250)).count()
    };
    let (none, small, large) =
        (white(Condition::Ordinary(0)), white(Condition::SmallGlare), white(Condition::LargeGlare));
    assert!(none < 500 && small > 5_000 && large > 3 * small, "{none} {small} {large}");
}

#[test]
fn exif_says_how_to_turn_the_picture() {
    let person = &residents(1, 1).unwrap()[0];
    let drawn = card::draw(person, 1);
    for (condition, orientation) in [(Condition::ExifQuarter, 6), (Condition::ExifHalf, 3)] {
        let jpeg = photograph(&drawn, condition, 3);
        assert_eq!(&jpeg[..4], [0xff, 0xd8, 0xff, 0xe1], "APP1 comes first");
        assert_eq!(&jpeg[6..12], b"Exif\0\0");
        let mut decoder =
            image::ImageReader::with_format(std::io::Cursor::new(&jpeg), ImageFormat::Jpeg).into_decoder().unwrap();
        let found = image::ImageDecoder::orientation(&mut decoder).unwrap();
        assert_eq!(found.to_exif(), orientation);
        // Turned as the note says, the card's lower corners are below its upper ones and its red foot is near them.
        let shot = shoot(&drawn, condition, 3);
        let mut upright = image::load_from_memory(&jpeg).unwrap();
        upright.apply_orientation(found);
        let upright = upright.into_rgb8();
        assert_eq!(upright.dimensions(), (1600, 1200));
        let [_, _, right, left] = shot.corners;
        let foot = (left.1 + right.1) / 2.0;
        let red = |from: f32, to: f32| {
            let rows = upright.enumerate_pixels().filter(|(_, y, _)| (from..to).contains(&(*y as f32)));
            rows.filter(|(_, _, p)| p.0[0] > 140 && p.0[1] < 100 && p.0[2] < 100).count()
        };
        assert!(red(foot - 60.0, foot) > 300, "{}", red(foot - 60.0, foot));
    }
}

#[test]
fn faces_answer_in_order_and_in_time() {
    let people = residents(1, 5).unwrap();
    let actions = [Action::LookUp, Action::TurnLeft];
    for person in &people[..3] {
        let frames = face::selfie_frames(person, &actions, 3);
        let labels: Vec<_> = frames.iter().map(|(action, ..)| *action).collect();
        let [up, left] = actions.map(Some);
        assert_eq!(labels, [None, up, up, up, left, left, left]);
        assert!(frames.windows(2).all(|pair| (300..=600).contains(&(pair[1].1 - pair[0].1))));
        assert_eq!(frames, face::selfie_frames(person, &actions, 3));
        for (_, _, jpeg) in &frames {
            assert_eq!(decoded(jpeg).dimensions(), face::FACE_FRAME);
        }
        assert_ne!(frames[0].2, face::selfie_frames(person, &actions, 4)[0].2);
    }
    assert!(face::selfie_frames(&people[4], &actions, 3).is_empty() && face::still_selfie(&people[4], 3).is_none());
}

#[test]
fn a_film_is_a_row_of_jpegs_of_the_right_length() {
    let person = &residents(1, 1).unwrap()[0];
    let rhythm = video::Rhythm { settle: 200, react: 300, pace: 100, pictures: 2, slack: 0 };
    let film = video::film(person, &[Action::TurnRight], rhythm, 1);
    let starts = film.windows(4).filter(|bytes| *bytes == [0xff, 0xd8, 0xff, 0xe0]).count() as u32;
    let expected = rhythm.length(1) * video::RATE / 1000;
    assert!(starts.abs_diff(expected) <= 3, "{starts} pictures instead of {expected}");
    assert_eq!(decoded(&film).dimensions(), face::FACE_FRAME);
}

#[test]
fn the_folder_holds_everything_and_says_that_it_is_invented() {
    let place = std::env::temp_dir().join(format!("lionrock-people-{}", std::process::id()));
    let people = [&residents(1, 4).unwrap()[1..], &[]].concat();
    folder::write_people(&place, &people, 1, &mut || {}).unwrap();
    for person in &people {
        let own = place.join(&person.slug);
        assert!(own.join("card.jpg").exists() && own.join("person.json").exists());
        assert_eq!(own.join("look-down-3.jpg").exists(), person.face.is_some());
        assert_eq!(own.join("face.jpg").exists(), person.face.is_some());
    }
    let index: serde_json::Value = serde_json::from_slice(&std::fs::read(place.join("index.json")).unwrap()).unwrap();
    assert_eq!(index["synthetic"], true);
    assert_eq!(index["people"].as_array().unwrap().len(), people.len());
    assert!(std::fs::read_to_string(place.join("README.md")).unwrap().contains("All of them are invented"));
    std::fs::remove_dir_all(place).unwrap();
}
