//! Forms with files, as browsers send them (RFC 7578): a few parts, each with a name, within a body whose size is limited already.

/// Most parts of a form.
const MOST_PARTS: usize = 8;
/// Longest head of a part, in bytes.
const LONGEST_HEAD: usize = 4096;
/// Longest boundary (RFC 2046 section 5.1.1).
const LONGEST_BOUNDARY: usize = 70;

/// One part.
#[derive(Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// The field's name.
    pub field: String,
    /// The file's name; empty when it is no file.
    pub file: String,
    /// What was sent.
    pub bytes: &'a [u8],
}

/// The parts of a body with this content type; nothing when it is no whole form.
pub fn parts<'a>(kind: &str, body: &'a [u8]) -> Option<Vec<Part<'a>>> {
    let (media, rest) = kind.split_once(';')?;
    if !media.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = parameter(rest, "boundary")?;
    let sound =
        (1..=LONGEST_BOUNDARY).contains(&boundary.len()) && boundary.bytes().all(|byte| byte.is_ascii_graphic());
    let delimiter = format!("\r\n--{boundary}");
    let mut rest = body.strip_prefix(delimiter.as_bytes().get(2..)?).filter(|_| sound)?;
    let mut all = Vec::new();
    loop {
        if rest.starts_with(b"--") {
            return Some(all);
        }
        rest = rest.strip_prefix(b"\r\n").filter(|_| all.len() < MOST_PARTS)?;
        let window = rest.get(..LONGEST_HEAD.min(rest.len()))?;
        let end = find(window, b"\r\n\r\n")?;
        let (field, file) = names(std::str::from_utf8(rest.get(..end)?).ok()?)?;
        let content = rest.get(end + 4..)?;
        let length = find(content, delimiter.as_bytes())?;
        all.push(Part { field, file, bytes: content.get(..length)? });
        rest = content.get(length + delimiter.len()..)?;
    }
}

/// The names in the head of a part.
fn names(head: &str) -> Option<(String, String)> {
    let line = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    })?;
    let (kind, rest) = line.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("form-data") {
        return None;
    }
    Some((parameter(rest, "name")?, parameter(rest, "filename").unwrap_or_default()))
}

/// A parameter `name=value` or `name="value"`; browsers write a quotation mark inside as `%22`.
fn parameter(text: &str, wanted: &str) -> Option<String> {
    let mut rest = text;
    loop {
        let (name, after) = rest.split_once('=')?;
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_once(';').unwrap_or((after, "")),
        };
        if name.trim_matches([' ', ';']).eq_ignore_ascii_case(wanted) {
            return Some(value.trim().replace("%22", "\""));
        }
        rest = next;
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const KIND: &str = "multipart/form-data; boundary=\"abc\"";
    const FORM: &str = "--abc\r\nContent-Disposition: form-data; name=\"document\"; filename=\"a %22b%22.pdf\"\r\nContent-Type: application/pdf\r\n\r\none\r\ntwo\r\n--abc\r\ncontent-disposition: form-data; name=signature\r\n\r\n\r\n--abc--\r\n";

    #[test]
    fn files_come_out_as_they_were_sent() {
        let all = parts(KIND, FORM.as_bytes()).unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!(all[0], Part { field: "document".into(), file: "a \"b\".pdf".into(), bytes: b"one\r\ntwo" });
        assert_eq!((all[1].field.as_str(), all[1].bytes), ("signature", &b""[..]));
    }

    #[test]
    fn what_is_no_whole_form_is_nothing() {
        for cut in 0..FORM.len() - 4 {
            assert!(parts(KIND, &FORM.as_bytes()[..cut]).is_none(), "{cut}");
        }
        for kind in [
            "",
            "text/plain",
            "multipart/form-data",
            "multipart/form-data; boundary=",
            "multipart/form-data; boundary=xyz",
        ] {
            assert!(parts(kind, FORM.as_bytes()).is_none(), "{kind}");
        }
        let many = "--abc\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n".repeat(9) + "--abc--";
        assert!(parts(KIND, many.as_bytes()).is_none());
        let long = format!("--abc\r\nX: {}\r\n\r\nx\r\n--abc--", "y".repeat(5000));
        assert!(parts(KIND, long.as_bytes()).is_none());
    }
}
