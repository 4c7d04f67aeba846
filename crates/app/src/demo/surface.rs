//! The surface of a dental arch as an intra-oral scanner sees it: crowns, gum, palate; open where the scan ends.
//!
//! A distance field is sampled on a grid and its zero surface drawn with surface nets. What is deliberately absent: file
//! formats (see `stl`) and colours (see `photo`).

use sheaf_registry::Result;
use sheaf_registry::progress::Cancel;

use super::anatomy::{Arch, Tooth, smooth_max, smooth_min};
use super::random::{noise, smoothstep};

/// A point of the surface.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Vertex {
    /// Where it is, in millimetres.
    pub(super) at: [f32; 3],
    /// Unit vector away from the tissue.
    pub(super) normal: [f32; 3],
    /// 1 on a tooth, 0 on gum, between at the margin.
    pub(super) enamel: f32,
    /// On a tooth: 0 at the gum, 1 at the cutting edge. On gum: 0 at the margin, falling by 1 in 8 mm.
    pub(super) rise: f32,
}

/// A surface of triangles, their corners counter-clockwise as seen from outside.
#[derive(Clone, Debug, Default)]
pub(super) struct Mesh {
    /// Corners.
    pub(super) vertices: Vec<Vertex>,
    /// Indexes into the corners.
    pub(super) triangles: Vec<[u32; 3]>,
}

/// What is the same for all heights over one point of the plane.
struct Column<'a> {
    outside: f32,
    gum: f32,
    papilla: f32,
    ridge: f32,
    roof: f32,
    cut: f32,
    teeth: Vec<(&'a Tooth, f32, f32)>,
}

struct Sample {
    distance: f32,
    enamel: f32,
    rise: f32,
}

/// How far down from the gum line the grid goes, mm.
const FLANGE: f32 = 11.0;
/// How far down from the gum line the palate goes, mm.
const VAULT: f32 = 17.0;
/// What is farther from the arch than this is not part of the scan, mm.
const REACH: f32 = 9.5;

/// Draws the surface of an arch with a grid of `pitch` millimetres.
pub(super) fn scan(arch: &Arch, texture: u32, pitch: f32, cancel: &Cancel) -> Result<Mesh> {
    let back = arch.present().map(|tooth| tooth.at[1] - tooth.width / 2.0).fold(0.0, f32::min) - 4.0;
    let (left, front) = (-arch.half_width - REACH, arch.front + REACH);
    let columns_x = cells(2.0 * (arch.half_width + REACH), pitch);
    let columns_y = cells(front - back, pitch);
    let highest = if arch.upper { VAULT } else { FLANGE };
    let levels = cells(highest + 12.5, pitch);
    // Height over the plane through the gum line, growing to the cutting edge.
    let height = |level: usize| -highest + step(level, pitch);

    let mut field = vec![f32::MAX; columns_x * columns_y * levels];
    let at = |ix: usize, iy: usize, iz: usize| (iy * columns_x + ix) * levels + iz;
    let base = arch.gum(0.0);
    for iy in 0..columns_y {
        cancel.check()?;
        for ix in 0..columns_x {
            let (x, y) = (left + step(ix, pitch), back + step(iy, pitch));
            if let Some(column) = column(arch, texture, x, y) {
                let start = at(ix, iy, 0);
                for (iz, value) in field[start..start + levels].iter_mut().enumerate() {
                    *value = sample(&column, arch.down() * (base + arch.down() * height(iz)), arch.down()).distance;
                }
            }
        }
    }

    let mut mesh = Mesh::default();
    let mut index = vec![u32::MAX; field.len()];
    for iy in 0..columns_y - 1 {
        cancel.check()?;
        for ix in 0..columns_x - 1 {
            for iz in 0..levels - 1 {
                let corner = |bits: usize| field[at(ix + (bits & 1), iy + (bits >> 1 & 1), iz + (bits >> 2))];
                let Some(inside) = crossing(&corner) else { continue };
                let (x, y) = (left + (step(ix, pitch) + inside[0] * pitch), back + step(iy, pitch) + inside[1] * pitch);
                let z = base + arch.down() * (height(iz) + inside[2] * pitch);
                let Some(column) = column(arch, texture, x, y) else { continue };
                if (z - column.gum) * arch.down() < column.cut {
                    continue;
                }
                let here = sample(&column, arch.down() * z, arch.down());
                let slope = |axis: usize| {
                    (0..8).map(|bits| if bits >> axis & 1 == 1 { corner(bits) } else { -corner(bits) }).sum::<f32>()
                };
                index[at(ix, iy, iz)] = u32::try_from(mesh.vertices.len()).unwrap_or(u32::MAX);
                mesh.vertices.push(Vertex {
                    at: [x, y, z],
                    normal: unit([slope(0), slope(1), slope(2) * arch.down()]),
                    enamel: here.enamel,
                    rise: here.rise,
                });
            }
        }
    }
    join(&mut mesh, &field, &index, [columns_x, columns_y, levels], arch.upper);
    Ok(mesh)
}

/// Joins the vertices around each edge of the grid that the surface crosses.
fn join(mesh: &mut Mesh, field: &[f32], index: &[u32], [nx, ny, nz]: [usize; 3], mirrored: bool) {
    let at = |ix: usize, iy: usize, iz: usize| (iy * nx + ix) * nz + iz;
    let strides = [nz, nx * nz, 1];
    for iy in 1..ny - 1 {
        for ix in 1..nx - 1 {
            for iz in 1..nz - 1 {
                let here = at(ix, iy, iz);
                for axis in 0..3 {
                    let inside = field[here] < 0.0;
                    if inside == (field[here + strides[axis]] < 0.0) {
                        continue;
                    }
                    let (one, two) = (strides[(axis + 1) % 3], strides[(axis + 2) % 3]);
                    let quad = [index[here - one - two], index[here - two], index[here], index[here - one]];
                    if quad.contains(&u32::MAX) {
                        continue;
                    }
                    let [p, q, r, s] = quad;
                    if inside == mirrored {
                        mesh.triangles.extend([[p, r, q], [p, s, r]]);
                    } else {
                        mesh.triangles.extend([[p, q, r], [p, r, s]]);
                    }
                }
            }
        }
    }
}

/// Where in a cell the surface passes: the mean of the crossings of its edges, from 0 to 1.
fn crossing(corner: &impl Fn(usize) -> f32) -> Option<[f32; 3]> {
    let values: [f32; 8] = std::array::from_fn(corner);
    if values.iter().all(|value| *value < 0.0) || values.iter().all(|value| *value >= 0.0) {
        return None;
    }
    let (mut sum, mut count) = ([0.0; 3], 0.0);
    for from in 0..8_usize {
        for axis in 0..3 {
            let to = from | 1 << axis;
            if to == from || (values[from] < 0.0) == (values[to] < 0.0) {
                continue;
            }
            // Far from the arch the field is no distance: then the middle of the edge will do.
            let part = values[from] / (values[from] - values[to]);
            let part = if part.is_finite() { part } else { 0.5 };
            for (component, value) in sum.iter_mut().enumerate() {
                let low = if from >> component & 1 == 1 { 1.0 } else { 0.0 };
                *value += if component == axis { part } else { low };
            }
            count += 1.0;
        }
    }
    Some(sum.map(|value| value / count))
}

fn column(arch: &Arch, texture: u32, x: f32, y: f32) -> Option<Column<'_>> {
    let (point, outside) = arch.nearest(x, y);
    if outside > REACH || (outside < -REACH && !arch.upper) {
        return None;
    }
    let mut teeth: Vec<_> = arch
        .present()
        .filter(|tooth| (tooth.at[0] - x).hypot(tooth.at[1] - y) < tooth.width.max(tooth.depth))
        .map(|tooth| {
            let (u, v) = tooth.local(x, y);
            (tooth, u, v)
        })
        .collect();
    teeth.sort_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
    teeth.truncate(2);
    let rough = noise(texture, x * 0.35, y * 0.35, 0.5);
    let ridge = arch.along(point.arc, |tooth| tooth.depth * 0.44 + 0.6);
    let (papilla, shrunk) = arch
        .present()
        .map(|tooth| (tooth, (tooth.arc - point.arc).abs() / (tooth.width / 2.0)))
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map_or((-1.0, 1.0), |(_, near)| {
            let between = near.min(1.0).powi(2);
            let gone = smoothstep(1.0, 1.8, near);
            (0.1 + 2.0 * between * (1.0 - gone) - 0.9 * gone, gone)
        });
    // By the ellipse, not by the nearest point: that one jumps from side to side on the midline.
    let behind = (y - (arch.front - arch.length)).max(0.0) / arch.length;
    let depth = (1.0 - (x / arch.half_width).hypot(behind)) * arch.half_width;
    let rugae = 0.35 * (y * 1.6 + 1.5 * noise(texture, x * 0.2, y * 0.2, 2.0)).sin() * smoothstep(-22.0, -10.0, y);
    let ridge_line = 0.5 * smoothstep(1.2, 0.0, x.abs());
    Some(Column {
        outside,
        gum: arch.gum(point.arc),
        papilla: papilla + 0.15 * rough,
        ridge: ridge * (1.0 - 0.25 * shrunk),
        roof: -2.5 - 11.5 * smoothstep(3.0, 15.0, depth) + (rugae + ridge_line) * smoothstep(6.0, 11.0, depth),
        cut: if outside > 1.5 || (outside < -1.5 && !arch.upper) { -9.6 + 0.8 * rough } else { -100.0 },
        teeth,
    })
}

/// The field at one height of a column. `z` is measured to the cutting edge.
fn sample(column: &Column<'_>, z: f32, down: f32) -> Sample {
    let w = z - column.gum * down;
    let side = column.outside.abs() - (column.ridge + 0.16 * (-w).clamp(0.0, 12.0));
    let mut gum = smooth_max(side, w - column.papilla, 1.8);
    if column.outside < 0.0 && down < 0.0 {
        gum = smooth_min(gum, (w - column.roof) * 0.75, 2.5);
    }
    let (mut tooth, mut rise) = (f32::MAX, 0.0);
    for (candidate, u, v) in &column.teeth {
        let height = z - candidate.gum * down;
        let distance = candidate.crown_distance(*u, *v, height);
        if distance < tooth {
            (tooth, rise) = (distance, (height / candidate.crown).clamp(0.0, 1.0));
        }
    }
    let enamel = ((gum - tooth) / 0.9 + 0.5).clamp(0.0, 1.0);
    let distance = if tooth < 50.0 { smooth_min(gum, tooth, 0.45) } else { gum };
    Sample { distance, enamel, rise: if enamel > 0.0 { rise } else { w / 8.0 } }
}

fn unit([x, y, z]: [f32; 3]) -> [f32; 3] {
    let length = (x * x + y * y + z * z).sqrt().max(1e-9);
    [x / length, y / length, z / length]
}

#[expect(clippy::cast_precision_loss, reason = "an index into a grid of some hundred cells")]
fn step(index: usize, pitch: f32) -> f32 {
    index as f32 * pitch
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive size of some hundred cells")]
fn cells(size: f32, pitch: f32) -> usize {
    (size / pitch).ceil() as usize + 1
}

#[cfg(test)]
mod tests {
    use super::super::anatomy::{Anatomy, Traits};
    use super::*;

    #[test]
    fn a_scan_is_one_sound_surface_with_teeth_and_gum() {
        let anatomy = Anatomy::of(1, 1, Traits::default());
        for arch in anatomy.arches() {
            let mesh = scan(arch, anatomy.texture, 1.2, &Cancel::new()).expect("not cancelled");
            assert!(mesh.triangles.len() > 2_000, "a real surface: {}", mesh.triangles.len());
            assert!(mesh.vertices.iter().any(|v| v.enamel > 0.9), "there are teeth");
            assert!(mesh.vertices.iter().any(|v| v.enamel < 0.1), "there is gum");
            let mut agree = 0;
            for triangle in &mesh.triangles {
                let [a, b, c] = triangle.map(|i| mesh.vertices[i as usize]);
                let normal = super::super::stl::normal(a.at, b.at, c.at);
                let same: f32 = (0..3).map(|i| normal[i] * a.normal[i]).sum();
                agree += usize::from(same > 0.0);
            }
            assert!(agree * 100 > mesh.triangles.len() * 97, "triangles face outwards: {agree} of {}", mesh.triangles.len());
        }
    }

    #[test]
    fn a_scan_stops_when_cancelled() {
        let cancel = Cancel::new();
        cancel.raise();
        let anatomy = Anatomy::of(1, 1, Traits::default());
        assert!(scan(&anatomy.upper, 0, 1.2, &cancel).is_err(), "nothing is drawn for nobody");
    }
}
