//! PDFs made on the spot: with a table or with streams, with pages, forms and anything else a test asks for.

use flate2::Compression;
use flate2::write::ZlibEncoder;
use std::fmt::Write as _;
use std::io::Write as _;

/// A PDF in the making: objects by number, 1 is the catalog.
#[derive(Clone)]
pub struct Paper {
    pub objects: Vec<(u32, Vec<u8>)>,
    pub trailer: String,
}

fn stream(dictionary: &str, bytes: &[u8]) -> Vec<u8> {
    let mut body = format!("<<{dictionary}/Length {}>>\nstream\n", bytes.len()).into_bytes();
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\nendstream");
    body
}

impl Paper {
    /// A contract of some pages. 1 catalog, 2 pages, 3 font, 4 and 5 the first page and what is on it.
    pub fn contract(pages: u32) -> Self {
        let mut kids = String::new();
        let mut objects = vec![
            (1, b"<</Type/Catalog/Pages 2 0 R>>".to_vec()),
            (3, b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_vec()),
        ];
        for page in 0..pages {
            let (own, content) = (4 + 2 * page, 5 + 2 * page);
            write!(kids, "{own} 0 R ").unwrap();
            let words = format!(
                "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {content} 0 R/Resources<</Font<</F1 3 0 R>>>>>>"
            );
            objects.push((own, words.into_bytes()));
            let text = format!("BT /F1 18 Tf 72 760 Td (Page {}: I agree to pay ten dollars.) Tj ET", page + 1);
            objects.push((content, stream("", text.as_bytes())));
        }
        objects.push((2, format!("<</Type/Pages/Kids[{kids}]/Count {pages}>>").into_bytes()));
        Self { objects, trailer: "/ID[<00112233445566778899aabbccddeeff><00112233445566778899aabbccddeeff>]".into() }
    }

    /// The same with a form: a text field (20) and an empty signature field (21), both on the first page.
    pub fn form() -> Self {
        let mut paper = Self::contract(1);
        paper.set(1, "<</Type/Catalog/Pages 2 0 R/AcroForm 22 0 R>>");
        paper.set(
            4,
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 5 0 R/Resources<</Font<</F1 3 0 R>>>>/Annots[20 0 R 21 0 R]>>",
        );
        paper.set(
            20,
            "<</Type/Annot/Subtype/Widget/FT/Tx/T(amount)/V(ten)/Rect[72 600 272 620]/F 4/P 4 0 R/DA(/F1 12 Tf 0 g)>>",
        );
        paper.set(21, "<</Type/Annot/Subtype/Widget/FT/Sig/T(tenant)/Rect[72 500 272 560]/F 4/P 4 0 R>>");
        paper.set(22, "<</Fields[20 0 R 21 0 R]/DR<</Font<</F1 3 0 R>>>>/DA(/F1 12 Tf 0 g)>>");
        paper
    }

    pub fn set(&mut self, number: u32, body: &str) {
        self.bytes(number, body.as_bytes().to_vec());
    }

    pub fn bytes(&mut self, number: u32, body: Vec<u8>) {
        self.objects.retain(|(own, _)| *own != number);
        self.objects.push((number, body));
    }

    pub fn stream(&mut self, number: u32, dictionary: &str, bytes: &[u8]) {
        self.bytes(number, stream(dictionary, bytes));
    }

    fn size(&self) -> u32 {
        self.objects.iter().map(|(number, _)| number + 1).max().unwrap_or(1)
    }

    /// With a table.
    pub fn table(&self) -> Vec<u8> {
        let mut file = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
        append(&mut file, &self.objects, &format!("/Size {}/Root 1 0 R{}", self.size(), self.trailer), true);
        file
    }

    /// With a stream as table, and everything but streams in a stream of objects.
    pub fn packed(&self) -> Vec<u8> {
        let mut file = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
        let (pack, own) = (self.size(), self.size() + 1);
        let mut rows: Vec<(u32, u8, u64, u16)> = Vec::new();
        let mut inside: Vec<(u32, Vec<u8>)> = Vec::new();
        for (number, body) in &self.objects {
            if body.ends_with(b"endstream") {
                rows.push((*number, 1, file.len() as u64, 0));
                object(&mut file, *number, body);
            } else {
                inside.push((*number, body.clone()));
            }
        }
        let (mut heads, mut bodies) = (String::new(), Vec::new());
        for (index, (number, body)) in inside.iter().enumerate() {
            write!(heads, "{number} {} ", bodies.len()).unwrap();
            bodies.extend_from_slice(body);
            bodies.push(b'\n');
            rows.push((*number, 2, u64::from(pack), index as u16));
        }
        let first = heads.len();
        let packed = deflate(&[heads.into_bytes(), bodies].concat());
        rows.push((pack, 1, file.len() as u64, 0));
        let words = format!("/Type/ObjStm/N {}/First {first}/Filter/FlateDecode", inside.len());
        object(&mut file, pack, &stream(&words, &packed));
        let start = file.len();
        rows.push((own, 1, start as u64, 0));
        rows.push((0, 0, 0, 0xffff));
        rows.sort();
        let mut index = String::new();
        let mut bytes = Vec::new();
        let mut above = vec![0; 7];
        for (number, kind, second, third) in rows {
            write!(index, "{number} 1 ").unwrap();
            let row = [&[kind], &second.to_be_bytes()[4..], &third.to_be_bytes()].concat();
            // Row filter "up": each byte less the one above it.
            bytes.push(2);
            bytes.extend(row.iter().zip(&above).map(|(own, up)| own.wrapping_sub(*up)));
            above = row;
        }
        let words = format!(
            "/Type/XRef/Size {}/Root 1 0 R/W[1 4 2]/Index[{index}]/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 7>>{}",
            own + 1,
            self.trailer
        );
        object(&mut file, own, &stream(&words, &deflate(&bytes)));
        write!(file, "startxref\n{start}\n%%EOF\n").unwrap();
        file
    }
}

fn object(file: &mut Vec<u8>, number: u32, body: &[u8]) {
    writeln!(file, "{number} 0 obj").unwrap();
    file.extend_from_slice(body);
    file.extend_from_slice(b"\nendobj\n");
}

pub fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Appends a revision by hand, as an attacker or another program would.
pub fn append(file: &mut Vec<u8>, objects: &[(u32, Vec<u8>)], trailer: &str, first: bool) {
    let mut sorted = objects.to_vec();
    sorted.sort();
    let mut places = Vec::new();
    for (number, body) in &sorted {
        places.push((*number, file.len()));
        object(file, *number, body);
    }
    let start = file.len();
    file.extend_from_slice(b"xref\n");
    if first {
        file.extend_from_slice(b"0 1\n0000000000 65535 f\r\n");
    }
    for (number, at) in places {
        write!(file, "{number} 1\n{at:010} 00000 n\r\n").unwrap();
    }
    write!(file, "trailer\n<<{trailer}>>\nstartxref\n{start}\n%%EOF\n").unwrap();
}

/// The place of the newest table, for a revision by hand.
pub fn newest(file: &[u8]) -> usize {
    let at = file.windows(9).rposition(|window| window == b"startxref").unwrap();
    let text = String::from_utf8_lossy(&file[at + 9..]).into_owned();
    text.split_whitespace().next().unwrap().parse().unwrap()
}

/// A revision by hand after what is there.
pub fn revise(file: &[u8], objects: &[(u32, &str)], more: &str) -> Vec<u8> {
    let mut copy = file.to_vec();
    let objects: Vec<(u32, Vec<u8>)> =
        objects.iter().map(|(number, body)| (*number, body.as_bytes().to_vec())).collect();
    append(&mut copy, &objects, &format!("/Size 200/Root 1 0 R/Prev {}{more}", newest(file)), false);
    copy
}
