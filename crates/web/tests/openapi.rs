//! `openapi.yaml` describes the routes that programs call, all of them and no others.

use std::collections::BTreeSet;

const DOCUMENT: &str = include_str!("../../../openapi.yaml");
const ROUTES: &str = include_str!("../src/routes.rs");
const METHODS: [&str; 5] = ["get", "post", "put", "delete", "options"];

/// `METHOD path` of each operation in the document.
fn described() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut path = "";
    let paths = DOCUMENT.lines().skip_while(|line| *line != "paths:").skip(1).take_while(|line| line.starts_with(' '));
    for line in paths {
        if let Some(rest) = line.strip_prefix("  /") {
            path = rest.trim_end_matches(':');
        } else if let Some((method, _)) = line.strip_prefix("    ").and_then(|rest| rest.split_once(':'))
            && METHODS.contains(&method)
        {
            all.insert(format!("{method} /{path}"));
        }
    }
    all
}

/// `METHOD path` of each route in one function of the table.
fn routed(function: &str) -> BTreeSet<String> {
    let body = ROUTES.split(&format!("fn {function}() ")).nth(1).unwrap().split("\n}").next().unwrap();
    let mut all = BTreeSet::new();
    for route in body.split(".route(").skip(1) {
        let path = route.split('"').nth(1).unwrap().replace("{*", "{");
        let handlers = route.split_once(',').unwrap().1;
        for method in METHODS {
            if handlers.contains(&format!("{method}(")) {
                all.insert(format!("{method} {path}"));
            }
        }
    }
    all
}

#[test]
fn the_document_and_the_table_agree() {
    let described = described();
    let programs: BTreeSet<_> =
        ["open", "machines", "csc_methods", "anybody", "authority"].into_iter().flat_map(routed).collect();
    let files = |route: &&String| !route.contains("/static/");
    let missing: Vec<_> = programs.iter().filter(files).filter(|route| !described.contains(*route)).collect();
    assert!(missing.is_empty(), "not described in openapi.yaml: {missing:?}");
    let all: BTreeSet<_> = programs.union(&routed("people")).cloned().collect();
    let invented: Vec<_> = described.difference(&all).collect();
    assert!(invented.is_empty(), "described, but there is no such route: {invented:?}");
    // The listener without TLS serves one of these tables and adds nothing of its own.
    let plain = ROUTES.split("fn plain(").nth(1).unwrap().split("\n}").next().unwrap();
    assert!(plain.contains("authority()") && !plain.contains(".route("), "the listener without TLS has another table");
    assert!(routed("authority").len() > 3, "the reader of this test finds the authority's routes");
    assert!(described.len() > 15, "the reader of this test finds the operations");
}
