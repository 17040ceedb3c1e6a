//! Versions out of image references.

use homelab_core::gate::{KubeVersion, Measured};

/// The version in the tag of an image, such as `registry.example.net:5000/kube-proxy:v1.36.2@sha256:…`.
pub(super) fn version(image: &str) -> Measured<KubeVersion> {
    let without_digest = image.split_once('@').map_or(image, |(name, _)| name);
    // A colon before the last slash belongs to a registry's port.
    let name = without_digest.rsplit_once('/').map_or(without_digest, |(_, name)| name);
    let Some((_, tag)) = name.split_once(':') else {
        return Measured::NotMeasured(format!("image {image:?} has no tag"));
    };
    match tag.parse() {
        Ok(version) => Measured::Seen(version),
        Err(error) => Measured::NotMeasured(format!("tag of image {image:?}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_and_everything_else_is_not_measured() {
        for (image, expected) in [
            ("registry.example.net/kube-proxy:v1.36.2", Some("1.36.2")),
            ("registry.example.net:5000/kube-proxy:v1.36.2", Some("1.36.2")),
            ("registry.example.net/kube-proxy:v1.36.2@sha256:00ff", Some("1.36.2")),
            ("kube-proxy:v1.36.2-eks-1", Some("1.36.2-eks-1")),
            ("registry.example.net:5000/kube-proxy", None),
            ("registry.example.net/kube-proxy@sha256:00ff", None),
            ("kube-proxy:latest", None),
            ("", None),
        ] {
            let seen = version(image).seen().map(ToString::to_string);
            assert_eq!(seen.as_deref(), expected, "{image}");
        }
    }
}
