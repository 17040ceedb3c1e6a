//! The page of `homelab gate report` in a real browser, on a phone.

use std::process::Command;

use homelab_plane::programs::on_path;
use homelab_plane::skip;

use crate::support::{homelab, repository};

/// Names of Chromium on the PATH.
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Shows a page in frames as wide as phones and a small one, with every fold open, and writes down what a person would have
/// to move sideways for, and letters that are too small to read.
const MEASURE: &str = r"<!doctype html><body><script>
const widths = [320, 360, 414], told = [];
async function measure(page) {
  for (const width of widths) {
    const frame = document.createElement('iframe');
    frame.style = `width:${width}px;height:800px;border:0`;
    frame.srcdoc = page;
    const loaded = new Promise(resolve => frame.onload = resolve);
    document.body.append(frame);
    await loaded;
    const root = frame.contentDocument.documentElement;
    root.querySelectorAll('details').forEach(fold => fold.open = true);
    const wide = [...root.querySelectorAll('*')].filter(each => each.getBoundingClientRect().right > width + 0.5);
    const small = [...root.querySelectorAll('p,li,dd,h1,h2,h3,small,code')]
      .filter(each => parseFloat(frame.contentWindow.getComputedStyle(each).fontSize) < 12);
    told.push(`${width}: scrolls to ${root.scrollWidth}, ${wide.length} too wide, ${small.length} too small, ` +
      `${root.querySelectorAll('article').length} articles`);
  }
  document.title = told.join('; ');
}
measure(PAGE);
</script></body>";

#[test]
fn the_page_reads_well_on_a_phone() {
    let Some(browser) = BROWSERS.iter().find_map(|name| on_path(name)) else {
        let reason = "no Chromium is on the PATH: neither installed nor fetched; install the package chromium";
        return skip("the_page_reads_well_on_a_phone", reason);
    };
    let page = homelab("gate report --target 1.36.2 --check all --as-of 2026-11-21 --format html --evidence")
        .arg(repository("testdata/evidence/clusters/kubeadm-held.json"))
        .run()
        .out;
    let articles = page.matches("<article>").count();
    assert!(articles > 10, "{page}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("frames.html");
    // A page in a string of a script: it may not end that script.
    let quoted = serde_json::to_string(&page).unwrap().replace("</", "<\\/");
    std::fs::write(&file, MEASURE.replace("PAGE", &quoted)).unwrap();
    let shown = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage"])
        .args(["--virtual-time-budget=10000"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg("--dump-dom")
        .arg(format!("file://{}", file.display()))
        .env("HOME", folder.path())
        .output()
        .unwrap();
    let dom = String::from_utf8_lossy(&shown.stdout);
    let title = dom.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).unwrap_or_default();
    let expected = [320, 360, 414]
        .map(|width| format!("{width}: scrolls to {width}, 0 too wide, 0 too small, {articles} articles"))
        .join("; ");
    assert_eq!(title, expected, "{}", String::from_utf8_lossy(&shown.stderr));
}
