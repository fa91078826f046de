//! Documents of strangers, read in a child: pictures, text, judgement; and what a document must not be able to do.

use lionrock_app::document::{Ask, Reader};
use lionrock_service::port::document::{Anchors, Document, DocumentError, DocumentReader};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn reader() -> Reader {
    Reader::new(PathBuf::from(env!("CARGO_BIN_EXE_lionrock")), false).within(Duration::from_secs(30))
}

/// One page that says something.
fn paper(text: &str, catalog: &str) -> Document {
    let content = format!("BT /F1 24 Tf 72 700 Td ({text}) Tj ET");
    let objects = [
        format!("<</Type/Catalog/Pages 2 0 R{catalog}>>"),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>".to_owned(),
        format!("<</Length {}>>\nstream\n{content}\nendstream", content.len()),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>".to_owned(),
    ];
    let mut file = "%PDF-1.7\n".to_owned();
    let mut table = "xref\n0 6\n0000000000 65535 f\r\n".to_owned();
    for (index, body) in objects.iter().enumerate() {
        table.push_str(&format!("{:010} 00000 n\r\n", file.len()));
        file.push_str(&format!("{} 0 obj\n{body}\nendobj\n", index + 1));
    }
    let start = file.len();
    file.push_str(&format!("{table}trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n"));
    Arc::new(file.into_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_drawn_and_read_aloud() {
    let reader = reader();
    let paper = paper("I agree to pay ten dollars.", "");
    let found = reader.inspect(Arc::clone(&paper)).await.unwrap();
    assert_eq!((found.pages, found.findings.len(), found.refused.len()), (1, 0, 0), "{found:?}");
    let text = reader.text(Arc::clone(&paper), 0).await.unwrap();
    assert_eq!(text, "I agree to pay ten dollars.");
    let picture = reader.draw(Arc::clone(&paper), 0, 600).await.unwrap().png;
    assert!(picture.starts_with(b"\x89PNG"), "a picture");
    if let Ok(folder) = std::env::var("LIONROCK_KEEP") {
        std::fs::write(format!("{folder}/page.png"), &picture).unwrap();
    }
    // Something is drawn on it: an empty page of the same size is smaller.
    let empty = reader.draw(self::paper("", ""), 0, 600).await.unwrap().png;
    assert!(picture.len() > empty.len() + 200, "{} and {}", picture.len(), empty.len());
    assert!(matches!(reader.draw(Arc::clone(&paper), 1, 600).await, Err(DocumentError::Refused(_))), "no second page");
    let judged = reader.judge(paper, None, Anchors::default()).await.unwrap();
    assert_eq!((judged.indication.as_str(), judged.signatures.len()), ("INDETERMINATE", 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_document_does_beside_being_read_is_found() {
    let reader = reader();
    for (catalog, word, refused) in [
        ("/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>", "script", true),
        ("/OpenAction<</S/Launch/F(calc.exe)>>", "launch", true),
        ("/OpenAction<</S/URI/URI(https://example.test/)>>", "link", false),
        ("/OpenAction<</S/SubmitForm/F(https://example.test/)>>", "submit", true),
        ("/OpenAction<</S/GoToR/F(other.pdf)>>", "remote", true),
        ("/OCProperties<</OCGs[]/D<</OFF[3 0 R]>>>>", "hidden-layer", true),
        ("/OCProperties<</OCGs[]/D<<>>>>", "layer", false),
        ("/AcroForm<</XFA(x)/Fields[]>>", "xfa", true),
        ("/Names<</EmbeddedFiles<</Names[(a)<</Type/Filespec/EF<<>>>>]>>>>", "embedded", false),
    ] {
        let found = reader.inspect(paper("x", catalog)).await.unwrap();
        assert!(found.findings.iter().any(|one| one == word), "{catalog}: {found:?}");
        assert_eq!(found.refused.iter().any(|one| one == word), refused, "{catalog}: {found:?}");
    }
    for broken in [&b"hello"[..], b"%PDF-1.7\n", b""] {
        let outcome = reader.inspect(Arc::new(broken.to_vec())).await;
        assert!(matches!(outcome, Err(DocumentError::Refused(_))), "{outcome:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_runs_wild_is_ended_and_the_server_lives() {
    let reader = reader().within(Duration::from_secs(5));
    let ask = |how: &str| Ask::Misbehave(how.to_owned());
    for how in ["memory", "stack", "time", "network", "write"] {
        let started = Instant::now();
        let outcome = reader.ask(paper("x", ""), &ask(how)).await;
        assert_eq!(outcome, Err(DocumentError::Lost), "{how}");
        assert!(started.elapsed() < Duration::from_secs(15), "{how}");
    }
    // Looking at files is refused, and the child goes on.
    assert_eq!(reader.ask(paper("x", ""), &ask("file")).await, Err(DocumentError::Refused("kept out".to_owned())));
    // The next honest question is answered.
    assert_eq!(reader.text(paper("still here", ""), 0).await.unwrap(), "still here");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_questions_are_turned_away_at_once() {
    let reader = Arc::new(reader());
    let paper = paper("x", "");
    let questions: Vec<_> = (0..40)
        .map(|_| {
            let (reader, paper) = (Arc::clone(&reader), Arc::clone(&paper));
            tokio::spawn(async move { reader.text(paper, 0).await })
        })
        .collect();
    let mut turned_away = 0;
    for question in questions {
        match question.await.unwrap() {
            Ok(text) => assert_eq!(text, "x"),
            Err(DocumentError::Unavailable) => turned_away += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!((1..40).contains(&turned_away), "{turned_away}");
    let large = Arc::new(vec![b' '; lionrock_service::port::document::LARGEST + 1]);
    assert!(matches!(reader.inspect(large).await, Err(DocumentError::Refused(_))));
}
