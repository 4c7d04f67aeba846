//! Intra-oral photos: the scanned arches under a camera's flash, as JPEG.
//!
//! A small software renderer: triangles into a depth buffer, one colour a pixel. What is deliberately absent: anything that
//! a photo of teeth does not need (textures, shadows, transparency).

use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use sheaf_registry::progress::Cancel;
use sheaf_registry::{Code, Error, Result};

use super::random::{Random, noise, smoothstep};
use super::surface::{Mesh, Vertex};

/// The five views of an orthodontic record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// From the front, teeth closed.
    Frontal,
    /// From the patient's right.
    Right,
    /// From the patient's left.
    Left,
    /// The upper arch from below.
    UpperOcclusal,
    /// The lower arch from above.
    LowerOcclusal,
}

impl View {
    /// All views in the order in which they are numbered.
    pub(super) const ALL: [View; 5] = [View::Frontal, View::Right, View::Left, View::UpperOcclusal, View::LowerOcclusal];

    /// The word in `metadata`.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            View::Frontal => "frontal",
            View::Right => "right",
            View::Left => "left",
            View::UpperOcclusal => "upper_occlusal",
            View::LowerOcclusal => "lower_occlusal",
        }
    }

    /// Eye, target, the direction that is up in the picture, and how many millimetres the picture is wide at the target.
    const fn camera(self) -> ([f32; 3], [f32; 3], [f32; 3], f32) {
        const UP: [f32; 3] = [0.0, 0.0, 1.0];
        match self {
            View::Frontal => ([0.0, 150.0, 6.0], [0.0, -10.0, 0.3], UP, 53.0),
            View::Right => ([-150.0, 62.0, 4.0], [-17.0, -19.0, 0.2], UP, 50.0),
            View::Left => ([150.0, 62.0, 4.0], [17.0, -19.0, 0.2], UP, 50.0),
            View::UpperOcclusal => ([0.0, -12.0, -170.0], [0.0, -22.0, 4.0], [0.0, 1.0, 0.0], 84.0),
            View::LowerOcclusal => ([0.0, -12.0, 170.0], [0.0, -22.0, -4.0], [0.0, -1.0, 0.0], 84.0),
        }
    }

    const fn occlusal(self) -> bool {
        matches!(self, View::UpperOcclusal | View::LowerOcclusal)
    }
}

type Colour = [f32; 3];

const MUCOSA: Colour = [0.60, 0.22, 0.20];
const GUM: Colour = [0.80, 0.45, 0.42];

/// A patient's colours and the light of the day.
struct Look {
    enamel: Colour,
    neck: Colour,
    gum: Colour,
    texture: u32,
    exposure: f32,
}

/// Takes one photo, `width` pixels wide and two thirds as high.
pub(super) fn take(
    view: View,
    upper: &Mesh,
    lower: &Mesh,
    width: u32,
    random: &mut Random,
    texture: u32,
    cancel: &Cancel,
) -> Result<Vec<u8>> {
    let height = width * 2 / 3;
    let warm = random.between(-0.03, 0.03);
    let look = Look {
        enamel: [0.84 + warm, 0.80, 0.70 - warm],
        neck: [0.77 + warm, 0.67, 0.50 - warm],
        gum: [GUM[0] + warm, GUM[1], GUM[2] - warm],
        texture,
        exposure: random.between(0.95, 1.06),
    };
    let meshes: &[&Mesh] = match view {
        View::UpperOcclusal => &[upper],
        View::LowerOcclusal => &[lower],
        _ => &[upper, lower],
    };
    let mut frame = Frame::new(view, width, height);
    for (index, mesh) in meshes.iter().enumerate() {
        cancel.check()?;
        frame.draw(mesh, index);
    }
    cancel.check()?;
    let pixels = frame.develop(meshes, view, &look, random);
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 88)
        .encode(&pixels, width, height, ExtendedColorType::Rgb8)
        .map_err(|error| Error::new(Code::Internal, "A photo of the demo could not be encoded.").cause(error))?;
    Ok(jpeg)
}

/// What one pixel sees: a triangle, and where in it.
#[derive(Clone, Copy, Default)]
struct Hit {
    depth: f32,
    corners: [u32; 3],
    weights: [f32; 3],
    mesh: usize,
}

struct Frame {
    width: usize,
    height: usize,
    eye: [f32; 3],
    right: [f32; 3],
    up: [f32; 3],
    forward: [f32; 3],
    focal: f32,
    hits: Vec<Hit>,
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "pixel arithmetic: every value is bounded by the size of a picture"
)]
impl Frame {
    fn new(view: View, width: u32, height: u32) -> Self {
        let (eye, target, up, span) = view.camera();
        let away = minus(target, eye);
        let distance = dot(away, away).sqrt();
        let forward = away.map(|value| value / distance);
        let right = unit(cross(forward, up));
        Self {
            width: width as usize,
            height: height as usize,
            eye,
            right,
            up: cross(right, forward),
            forward,
            focal: width as f32 * distance / span,
            hits: vec![Hit { depth: f32::INFINITY, ..Hit::default() }; (width * height) as usize],
        }
    }

    fn draw(&mut self, mesh: &Mesh, index: usize) {
        let projected: Vec<[f32; 3]> = mesh
            .vertices
            .iter()
            .map(|vertex| {
                let from = minus(vertex.at, self.eye);
                let depth = dot(from, self.forward);
                [
                    self.width as f32 / 2.0 + self.focal * dot(from, self.right) / depth,
                    self.height as f32 / 2.0 - self.focal * dot(from, self.up) / depth,
                    depth,
                ]
            })
            .collect();
        for triangle in &mesh.triangles {
            self.fill(triangle.map(|corner| projected[corner as usize]), *triangle, index);
        }
    }

    fn fill(&mut self, [a, b, c]: [[f32; 3]; 3], corners: [u32; 3], mesh: usize) {
        let area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
        // What shows its back is not part of a photo: the inside of an open scan.
        if area > -1e-6 {
            return;
        }
        let range = |values: [f32; 3], end: usize| {
            let low = values.into_iter().fold(f32::INFINITY, f32::min).floor().max(0.0) as usize;
            let high = values.into_iter().fold(f32::NEG_INFINITY, f32::max).ceil().clamp(0.0, end as f32) as usize;
            low..high
        };
        for y in range([a[1], b[1], c[1]], self.height) {
            for x in range([a[0], b[0], c[0]], self.width) {
                let (px, py) = (x as f32 + 0.5, y as f32 + 0.5);
                let one = ((b[0] - px) * (c[1] - py) - (b[1] - py) * (c[0] - px)) / area;
                let two = ((c[0] - px) * (a[1] - py) - (c[1] - py) * (a[0] - px)) / area;
                let weights = [one, two, 1.0 - one - two];
                if weights.iter().any(|weight| *weight < -1e-4) {
                    continue;
                }
                let depth = weights[0] * a[2] + weights[1] * b[2] + weights[2] * c[2];
                let hit = &mut self.hits[y * self.width + x];
                if depth < hit.depth {
                    *hit = Hit { depth, corners, weights, mesh };
                }
            }
        }
    }

    /// Turns what the pixels see into colours.
    fn develop(&self, meshes: &[&Mesh], view: View, look: &Look, random: &mut Random) -> Vec<u8> {
        let distance = self.focal_distance();
        let hollows = self.hollows(distance);
        let mut pixels = Vec::with_capacity(self.hits.len() * 3);
        for (index, hit) in self.hits.iter().enumerate() {
            let (x, y) = ((index % self.width) as f32, (index / self.width) as f32);
            let (cx, cy) = (x / self.width as f32 - 0.5, y / self.height as f32 - 0.5);
            let (grain, side) = (look.texture, (x * 900.0 / self.width as f32, y * 900.0 / self.width as f32));
            let colour = if hit.depth.is_finite() {
                let behind = hit.depth - distance;
                let dim = if view.occlusal() { 1.0 } else { (-(behind - 4.0).max(0.0) / 26.0).exp() };
                self.shade(&blend(&meshes[hit.mesh].vertices, hit), look).map(|value| value * dim * (1.0 - hollows[index]))
            } else {
                background(view, grain, cx, cy, side)
            };
            let vignette = 1.0 - 0.55 * (cx * cx + cy * cy);
            let noise = (random.next() & 0xff) as f32 / 255.0 - 0.5;
            for value in colour {
                let value = (value * look.exposure * vignette).clamp(0.0, 1.0).powf(1.0 / 1.15) * 255.0 + noise * 5.0;
                pixels.push(value.round().clamp(0.0, 255.0) as u8);
            }
        }
        pixels
    }

    /// How far the sharp plane is from the eye.
    fn focal_distance(&self) -> f32 {
        self.hits.iter().map(|hit| hit.depth).fold(f32::INFINITY, f32::min)
    }

    /// How much light does not reach a pixel because what is around it is nearer, from 0 to 0.6.
    fn hollows(&self, nearest: f32) -> Vec<f32> {
        let depths: Vec<f32> = self.hits.iter().map(|hit| hit.depth.min(nearest + 30.0)).collect();
        let radius = (self.width / 55).max(2);
        let across = blur(&depths, self.width, self.height, radius, false);
        let blurred = blur(&across, self.width, self.height, radius, true);
        depths.iter().zip(blurred).map(|(depth, mean)| ((depth - mean) * 0.17).clamp(0.0, 0.6)).collect()
    }

    fn shade(&self, vertex: &Vertex, look: &Look) -> Colour {
        let [x, y, z] = vertex.at;
        let normal = unit(vertex.normal);
        let to_eye = unit(minus(self.eye, vertex.at));
        let stipple = noise(look.texture, x * 1.9, y * 1.9, z * 1.9);
        let cloud = noise(look.texture ^ 1, x * 0.3, y * 0.3, z * 0.3);
        let gum: Colour = std::array::from_fn(|i| {
            let deep = smoothstep(-0.35, -0.95, vertex.rise);
            look.gum[i] + (MUCOSA[i] - look.gum[i]) * deep * 0.85 + 0.022 * stipple + 0.05 * cloud * [0.5, 1.0, 1.0][i]
        });
        let rise = vertex.rise.clamp(0.0, 1.0);
        let tooth: Colour = std::array::from_fn(|i| {
            let body = look.neck[i] + (look.enamel[i] - look.neck[i]) * smoothstep(0.0, 0.55, rise);
            let edge = [0.74, 0.76, 0.76][i];
            body + (edge - body) * 0.5 * smoothstep(0.78, 1.0, rise) + 0.018 * cloud
        });
        let base: Colour = std::array::from_fn(|i| gum[i] + (tooth[i] - gum[i]) * vertex.enamel);
        let (mut diffuse, mut shine) = (0.16, 0.0);
        let polish = 26.0 + 44.0 * vertex.enamel;
        for (sideways, upwards, strength) in [(0.42, 0.25, 0.58), (-0.42, 0.25, 0.52)] {
            let light: [f32; 3] = std::array::from_fn(|i| to_eye[i] + sideways * self.right[i] + upwards * self.up[i]);
            let light = unit(light);
            diffuse += strength * ((dot(normal, light) + 0.18) / 1.18).max(0.0);
            let half = unit(std::array::from_fn(|i| light[i] + to_eye[i]));
            shine += strength * dot(normal, half).max(0.0).powf(polish);
        }
        let shine = shine * (0.2 + 0.34 * vertex.enamel);
        base.map(|value| value * diffuse * 0.98 + shine)
    }
}

/// Cheeks and lips around the teeth, and the dark of the mouth behind them.
fn background(view: View, grain: u32, cx: f32, cy: f32, (x, y): (f32, f32)) -> Colour {
    let fold = noise(grain, x * 0.012, y * 0.02, 7.0) + 0.5 * noise(grain, x * 0.04, y * 0.05, 8.0);
    let (mut colour, dark) = match view {
        View::LowerOcclusal => {
            let rough = noise(grain, x * 0.16, y * 0.16, 9.0);
            ([0.70, 0.36, 0.34].map(|value: f32| value + 0.05 * rough), smoothstep(0.02, 0.34, cx.hypot(cy + 0.12)) * 0.6)
        }
        View::UpperOcclusal => (MUCOSA, smoothstep(0.1, 0.5, cy) * 0.55),
        _ => (MUCOSA, (1.0 - smoothstep(0.03, 0.2, cy.abs())) * (1.0 - smoothstep(0.25, 0.5, cx.abs())) * 0.95),
    };
    for value in &mut colour {
        *value = *value * (0.66 + 0.08 * fold) * (1.0 - dark);
    }
    colour
}

#[expect(clippy::cast_precision_loss, reason = "a count of some dozen pixels")]
fn blur(values: &[f32], width: usize, height: usize, radius: usize, vertical: bool) -> Vec<f32> {
    let mut result = vec![0.0; values.len()];
    let (lines, length, along, between) = if vertical { (width, height, width, 1) } else { (height, width, 1, width) };
    for line in 0..lines {
        let at = |index: usize| line * between + index * along;
        let mut sum: f32 = (0..radius.min(length)).map(|index| values[at(index)]).sum();
        let mut count = radius.min(length);
        for index in 0..length {
            if index + radius < length {
                sum += values[at(index + radius)];
                count += 1;
            }
            if index > radius {
                sum -= values[at(index - radius - 1)];
                count -= 1;
            }
            result[at(index)] = sum / count as f32;
        }
    }
    result
}

fn blend(vertices: &[Vertex], hit: &Hit) -> Vertex {
    let mut mixed = Vertex::default();
    for (corner, weight) in hit.corners.iter().zip(hit.weights) {
        let vertex = &vertices[*corner as usize];
        for axis in 0..3 {
            mixed.at[axis] += vertex.at[axis] * weight;
            mixed.normal[axis] += vertex.normal[axis] * weight;
        }
        mixed.enamel += vertex.enamel * weight;
        mixed.rise += vertex.rise * weight;
    }
    mixed
}

fn dot(a: [f32; 3], b: [f32; 3]) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn minus(a: [f32; 3], b: [f32; 3]) -> [f32; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}

fn cross(a: [f32; 3], b: [f32; 3]) -> [f32; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn unit(a: [f32; 3]) -> [f32; 3] {
    let length = dot(a, a).sqrt().max(1e-9);
    a.map(|value| value / length)
}
