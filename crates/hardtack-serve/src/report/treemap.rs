//! A treemap: rectangles whose areas are the files' bytes on the wire.
//!
//! The layout is that of *Squarified Treemaps* (Bruls, Huizing, van Wijk; 2000): rows are filled
//! along the shorter side, as long as the worst ratio of sides in the row does not rise.

use std::fmt::{self, Write};

use hardtack_bundle::Size;

use super::{File, Kind};
use crate::escaped::Escaped;

const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 480.0;
/// Files with a rectangle; the rest shares one.
const MOST: usize = 150;

/// Writes the treemap of files, which are sorted by size, the largest first.
pub(super) fn write(page: &mut String, files: &[File<'_>]) -> fmt::Result {
    let (shown, rest) = files.split_at(files.len().min(MOST));
    let rest_bytes: usize = rest.iter().map(|file| file.wire).sum();
    let sizes: Vec<_> = shown.iter().map(|file| file.wire).chain([rest_bytes]).collect();
    let mut sizes: Vec<_> = sizes.into_iter().map(|bytes| bytes as f64).collect();
    // The rest may be larger than a file before it, which makes its row longer and nothing worse.
    sizes.retain(|size| *size > 0.0);
    let whole = Area { x: 0.0, y: 0.0, width: WIDTH, height: HEIGHT };
    write_legend(page, files)?;
    writeln!(
        page,
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"group\" aria-label=\"Treemap of {} files; \
         the table below has the same numbers\">",
        files.len()
    )?;
    let areas = squarify(&sizes, whole);
    for (index, area) in areas.iter().enumerate() {
        match shown.get(index).filter(|file| file.wire > 0) {
            Some(file) => write_file(page, index + 1, file, area)?,
            None => write_rest(page, rest.len(), rest_bytes, area)?,
        }
    }
    page.write_str("</svg>\n")
}

fn write_legend(page: &mut String, files: &[File<'_>]) -> fmt::Result {
    page.push_str("<ul class=\"legend\">\n");
    for kind in Kind::ALL {
        let bytes: usize =
            files.iter().filter(|file| file.kind == kind).map(|file| file.wire).sum();
        let name = kind.name();
        if bytes > 0 {
            write!(page, "<li><svg class=\"{name}\" viewBox=\"0 0 1 1\" aria-hidden=\"true\">")?;
            writeln!(page, "<rect width=\"1\" height=\"1\"/></svg> {name}, {}</li>", Size(bytes))?;
        }
    }
    page.write_str("</ul>\n")
}

fn write_file(page: &mut String, row: usize, file: &File<'_>, area: &Area) -> fmt::Result {
    let (path, size, kind) = (Escaped(file.path()), Size(file.wire), file.kind.name());
    write!(page, "<a href=\"#f{row}\" class=\"{kind}\" aria-label=\"{path}, {size}, {kind}\">")?;
    write!(page, "<title>{path}: {size}</title>")?;
    area.write(page)?;
    let name = file.path().rsplit('/').next().unwrap_or_default();
    area.write_label(page, name)?;
    page.write_str("</a>\n")
}

fn write_rest(page: &mut String, count: usize, bytes: usize, area: &Area) -> fmt::Result {
    let size = Size(bytes);
    write!(page, "<g class=\"other\"><title>{count} smaller files: {size}</title>")?;
    area.write(page)?;
    area.write_label(page, &format!("{count} smaller"))?;
    page.write_str("</g>\n")
}

#[derive(Clone, Copy, Debug)]
struct Area {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

impl Area {
    fn write(&self, page: &mut String) -> fmt::Result {
        let Self { x, y, width, height } = self;
        write!(
            page,
            "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{width:.2}\" height=\"{height:.2}\"/>"
        )
    }

    /// As much of a name as has room.
    fn write_label(&self, page: &mut String, name: &str) -> fmt::Result {
        const LETTER: f64 = 7.5;
        const LINE: f64 = 20.0;
        let room = ((self.width - 12.0) / LETTER) as usize;
        if self.height < LINE || room < 3 {
            return Ok(());
        }
        let is_cut = name.chars().count() > room;
        let kept = if is_cut { room - 1 } else { room };
        let mut label: String = name.chars().take(kept).collect();
        if is_cut {
            label.push('…');
        }
        let (x, y) = (self.x + 6.0, self.y + 15.0);
        write!(
            page,
            "<text x=\"{x:.2}\" y=\"{y:.2}\" aria-hidden=\"true\">{}</text>",
            Escaped(&label)
        )
    }
}

/// The areas of sizes, in their order; each size is more than zero.
fn squarify(sizes: &[f64], whole: Area) -> Vec<Area> {
    let total: f64 = sizes.iter().sum();
    let scale = whole.width * whole.height / total;
    let (mut areas, mut rest, mut from) = (Vec::new(), whole, 0);
    while from < sizes.len() {
        let side = rest.width.min(rest.height);
        let mut to = from + 1;
        while to < sizes.len()
            && worst(&sizes[from..=to], scale, side) <= worst(&sizes[from..to], scale, side)
        {
            to += 1;
        }
        rest = lay_row(&sizes[from..to], scale, rest, &mut areas);
        from = to;
    }
    areas
}

/// The largest ratio of sides in a row along a side.
fn worst(row: &[f64], scale: f64, side: f64) -> f64 {
    let sum = row.iter().sum::<f64>() * scale;
    let thickness = sum / side;
    let ratio = |size: &f64| {
        let length = size * scale / thickness;
        (thickness / length).max(length / thickness)
    };
    row.iter().map(ratio).fold(0.0, f64::max)
}

/// Lays a row along the shorter side of an area, and returns the rest of it.
fn lay_row(row: &[f64], scale: f64, area: Area, areas: &mut Vec<Area>) -> Area {
    let is_upright = area.width >= area.height;
    let side = if is_upright { area.height } else { area.width };
    let thickness = row.iter().sum::<f64>() * scale / side;
    let mut at = 0.0;
    for size in row {
        let length = size * scale / thickness;
        areas.push(if is_upright {
            Area { x: area.x, y: area.y + at, width: thickness, height: length }
        } else {
            Area { x: area.x + at, y: area.y, width: length, height: thickness }
        });
        at += length;
    }
    if is_upright {
        Area { x: area.x + thickness, width: area.width - thickness, ..area }
    } else {
        Area { y: area.y + thickness, height: area.height - thickness, ..area }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_are_the_sizes() {
        let whole = Area { x: 0.0, y: 0.0, width: 600.0, height: 400.0 };
        for sizes in [&[6.0, 6.0, 4.0, 3.0, 2.0, 2.0, 1.0][..], &[1.0], &[1000.0, 1.0], &[1.0; 40]]
        {
            let areas = squarify(sizes, whole);
            let total: f64 = sizes.iter().sum();
            assert_eq!(areas.len(), sizes.len());
            for (area, size) in areas.iter().zip(sizes) {
                let share = area.width * area.height / 240_000.0;
                assert!((share - size / total).abs() < 1e-9, "{area:?}");
                assert!(area.x >= 0.0 && area.x + area.width <= 600.001, "{area:?}");
                assert!(area.y >= 0.0 && area.y + area.height <= 400.001, "{area:?}");
            }
        }
    }

    /// The example of the paper.
    #[test]
    fn the_first_row_is_two_of_six() {
        let whole = Area { x: 0.0, y: 0.0, width: 600.0, height: 400.0 };
        let areas = squarify(&[6.0, 6.0, 4.0, 3.0, 2.0, 2.0, 1.0], whole);
        assert_eq!((areas[0].width, areas[0].height), (300.0, 200.0));
        assert_eq!((areas[1].x, areas[1].y), (0.0, 200.0));
        assert_eq!(areas[2].x, 300.0);
    }
}
