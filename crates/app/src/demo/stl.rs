//! Binary STL: 80 bytes of header, a count, fifty bytes a triangle, little endian.

use super::surface::Mesh;

/// Length of the header and the count.
const HEAD: usize = 84;
/// Length of one triangle.
const TRIANGLE: usize = 50;

/// Writes a mesh. `title` goes into the header; it must not begin with `solid`, which would mean the text form.
pub(super) fn encode(mesh: &Mesh, title: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEAD + mesh.triangles.len() * TRIANGLE);
    bytes.extend(title.bytes().take(80));
    bytes.resize(80, b' ');
    bytes.extend(u32::try_from(mesh.triangles.len()).unwrap_or(u32::MAX).to_le_bytes());
    for triangle in &mesh.triangles {
        let [a, b, c] = triangle.map(|index| mesh.vertices[index as usize].at);
        for value in [normal(a, b, c), a, b, c].as_flattened() {
            bytes.extend(value.to_le_bytes());
        }
        bytes.extend([0, 0]);
    }
    bytes
}

/// Unit vector that a triangle faces, zero for one without area.
pub(super) fn normal(corner: [f32; 3], second: [f32; 3], third: [f32; 3]) -> [f32; 3] {
    let edge = |to: [f32; 3]| [to[0] - corner[0], to[1] - corner[1], to[2] - corner[2]];
    let (u, v) = (edge(second), edge(third));
    let cross = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    let length = (cross[0] * cross[0] + cross[1] * cross[1] + cross[2] * cross[2]).sqrt();
    if length > 0.0 { cross.map(|value| value / length) } else { [0.0; 3] }
}

#[cfg(test)]
mod tests {
    use super::super::surface::{Mesh, Vertex};
    use super::*;

    #[test]
    fn the_size_of_the_file_follows_from_its_count() {
        let corner = |x, y| Vertex { at: [x, y, 0.0], ..Vertex::default() };
        let mesh =
            Mesh { vertices: vec![corner(0.0, 0.0), corner(1.0, 0.0), corner(0.0, 1.0)], triangles: vec![[0, 1, 2]; 3] };
        let bytes = encode(&mesh, "Sheaf demo");
        assert_eq!(bytes[80..84], 3_u32.to_le_bytes(), "the count");
        assert_eq!(bytes.len(), 84 + 3 * 50, "no reader accepts another size");
        assert!(bytes.starts_with(b"Sheaf demo  "), "a header that is not the text form's");
        assert_eq!(bytes[84 + 8..84 + 12], 1.0_f32.to_le_bytes(), "it faces up, by the right-hand rule");
    }
}
