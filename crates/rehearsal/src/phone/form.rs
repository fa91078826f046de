//! Reading our own pages: just enough to find a form's addresses and values, as the page's script would.

use serde_json::{Map, Value, json};

/// A form with `data-passkey`.
#[derive(Debug, PartialEq)]
pub struct PasskeyForm {
    /// Whether a passkey is made, rather than used.
    pub creates: bool,
    /// Where options come from.
    pub options: String,
    /// Where the answer goes.
    pub result: String,
    /// Where a step-up is done when options want one first.
    pub step_up: Option<String>,
    /// The form's values, as the script would send them.
    pub fields: Value,
}

impl PasskeyForm {
    /// The first such form of a page.
    pub fn find(html: &str) -> Option<Self> {
        let start = html.match_indices("<form").map(|(at, _)| at).find(|at| {
            html.get(*at..).and_then(|rest| rest.split('>').next()).is_some_and(|tag| tag.contains("data-passkey="))
        })?;
        let whole = html.get(start..)?.split("</form>").next()?;
        let tag = whole.split('>').next()?;
        Some(Self {
            creates: attribute(tag, "data-passkey")? == "create",
            options: attribute(tag, "data-options")?,
            result: attribute(tag, "data-result")?,
            step_up: attribute(tag, "data-step-up"),
            fields: fields(whole),
        })
    }
}

/// Values of a form's inputs: checkboxes as lists of what is ticked.
fn fields(form: &str) -> Value {
    let mut values = Map::new();
    for tag in form.split("<input").skip(1).filter_map(|rest| rest.split('>').next()) {
        let Some(name) = attribute(tag, "name").filter(|name| name != "csrf") else { continue };
        let value = attribute(tag, "value").unwrap_or_default();
        if attribute(tag, "type").as_deref() == Some("checkbox") {
            let list = values.entry(name).or_insert_with(|| json!([]));
            if tag.split_whitespace().any(|word| word == "checked")
                && let Some(list) = list.as_array_mut()
            {
                list.push(json!(value));
            }
        } else {
            values.insert(name, json!(value));
        }
    }
    Value::Object(values)
}

/// The value of the input of that name, wherever it stands on the page.
pub fn hidden(page: &str, name: &str) -> Option<String> {
    let mark = page.find(&format!("name=\"{name}\""))?;
    let from = page.get(..mark).and_then(|before| before.rfind('<')).unwrap_or(mark);
    let tag = page.get(from..).and_then(|rest| rest.split('>').next()).unwrap_or_default();
    attribute(tag, "value")
}

/// The value of an attribute inside a tag.
pub fn attribute(tag: &str, name: &str) -> Option<String> {
    let marked = format!(" {name}=\"");
    let tag = tag.replace(['\n', '\t'], " ");
    let from = tag.find(&marked)? + marked.len();
    tag.get(from..)?.split('"').next().map(plain)
}

/// The text of the first heading: what a refusal page says.
pub fn heading(html: &str) -> String {
    let inside = html.split("<h1").nth(1).and_then(|rest| rest.split_once('>')).map(|(_, rest)| rest);
    plain(inside.and_then(|rest| rest.split("</h1>").next()).unwrap_or_default())
}

/// The texts of all elements `<name>…</name>` within a part of a page.
pub fn texts(html: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    html.split(&open).skip(1).filter_map(|rest| rest.split(&close).next()).map(plain).collect()
}

fn plain(text: &str) -> String {
    let named = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&#34;", "\""),
        ("&#38;", "&"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&amp;", "&"),
    ];
    named.into_iter().fold(text.trim().to_owned(), |text, (entity, sign)| text.replace(entity, sign))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_passkey_form_is_read_like_the_script_reads_it() {
        let html = r#"<form class="languages" method="post"><input name="back" value="/"></form>
            <form class="passkey" data-passkey="get" data-options="/a?x=1&amp;y=2" data-result="/b">
            <input type="hidden" name="csrf" value="t"><input type="hidden" name="request" value="r&#34;">
            <input type="checkbox" id="f1" name="fields" value="email" checked data-required>
            <input type="checkbox" name="fields" value="birth"></form>"#;
        let form = PasskeyForm::find(html).unwrap();
        assert_eq!((form.creates, form.options.as_str(), form.result.as_str()), (false, "/a?x=1&y=2", "/b"));
        assert_eq!(form.fields, json!({"request": "r\"", "fields": ["email"]}));
        assert_eq!(PasskeyForm::find("<form method=post></form>"), None);
    }
}
