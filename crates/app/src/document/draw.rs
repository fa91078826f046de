//! Pages as pictures and as text, by a renderer in pure Rust.

use hayro::hayro_interpret::font::GlyphRun;
use hayro::hayro_interpret::hayro_cmap::BfString;
use hayro::hayro_interpret::util::TransformExt;
use hayro::hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps, InterpreterCache,
    InterpreterSettings, SoftMask, interpret_page,
};
use hayro::hayro_syntax::Pdf;
use hayro::hayro_syntax::page::Page;
use hayro::kurbo::{Affine, BezPath, Rect};
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};

/// Most pixels of a picture.
const MOST_PIXELS: f32 = 12_000_000.0;
/// Widest picture, in pixels.
const WIDEST: u16 = 2_400;
/// Most letters of a page.
const MOST_LETTERS: usize = 200_000;

fn open(bytes: Vec<u8>) -> Result<Pdf, String> {
    Pdf::new(bytes).map_err(|_| "this PDF cannot be drawn".to_owned())
}

fn page_of(pdf: &Pdf, page: u64) -> Result<&Page<'_>, String> {
    let index = usize::try_from(page).map_err(|_| "this PDF has no such page")?;
    pdf.pages().get(index).ok_or_else(|| "this PDF has no such page".to_owned())
}

/// A page as PNG of this width.
pub fn picture(bytes: Vec<u8>, page: u64, width: u16) -> Result<Vec<u8>, String> {
    let pdf = open(bytes)?;
    let page = page_of(&pdf, page)?;
    let (across, up) = page.render_dimensions();
    if !(across.is_finite() && up.is_finite() && across >= 1.0 && up >= 1.0) {
        return Err("a page of this PDF has no size".to_owned());
    }
    let mut scale = f32::from(width.clamp(100, WIDEST)) / across;
    if across * scale * up * scale > MOST_PIXELS {
        scale = (MOST_PIXELS / (across * up)).sqrt();
    }
    let pixels = PixmapSettings { x_scale: scale, y_scale: scale, bg_color: WHITE };
    let cache = RenderCache::new();
    let drawn = render(page, &cache, &InterpreterSettings::default(), &RenderSettings::default(), &pixels);
    drawn.into_png().map_err(|_| "a page of this PDF cannot be drawn".to_owned())
}

/// The text of a page.
pub fn text(bytes: Vec<u8>, page: u64) -> Result<String, String> {
    let pdf = open(bytes)?;
    let page = page_of(&pdf, page)?;
    let (across, up) = page.render_dimensions();
    let transform = page.initial_transform(true).to_kurbo();
    let cache = InterpreterCache::new();
    let bounds = Rect::new(0.0, 0.0, f64::from(across), f64::from(up));
    let mut context = Context::new(transform, bounds, &cache, page.xref(), InterpreterSettings::default());
    let mut listener = Listener::default();
    interpret_page(page, &mut context, &mut listener);
    Ok(listener.text.trim().to_owned())
}

/// Hears letters and the places where they stand, and draws nothing.
#[derive(Default)]
struct Listener {
    text: String,
    /// Where the last letter stood: across and down, and how high letters are there.
    last: Option<(f64, f64, f64)>,
}

impl Listener {
    fn hear(&mut self, letter: BfString, at: Affine) {
        if self.text.len() > MOST_LETTERS {
            return;
        }
        let [a, b, c, d, across, down] = at.as_coeffs();
        let size = (c.hypot(d).max(a.hypot(b)) * 1000.0).max(1.0);
        if let Some((before, line, _)) = self.last {
            if (down - line).abs() > size * 0.5 {
                self.text.push('\n');
            } else if across - before > size * 1.2 && !self.text.ends_with([' ', '\n']) {
                self.text.push(' ');
            }
        }
        match letter {
            BfString::Char(one) => self.text.push(one),
            BfString::String(all) => self.text.push_str(&all),
        }
        self.last = Some((across, down, size));
    }
}

impl<'a> Device<'a> for Listener {
    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, _: &DrawMode) {
        for glyph in run.glyphs() {
            if let Some(letter) = glyph.as_unicode() {
                self.hear(letter, props.transform * glyph.transform());
            }
        }
    }
    fn draw_image(&mut self, _: Image<'a, '_>, _: ImageDrawProps<'a>) {}
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}
