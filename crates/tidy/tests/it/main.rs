//! The house rules, applied to this repository. Each breach is listed with what to do about it.

use muster_tidy::finding::assert_none;
use muster_tidy::{
    Tree, behaviour, commands, conduct, docs, layering, manifest, ownership, places, purity,
    requirements, size, tree,
};

#[test]
fn imports_go_down_and_never_across() {
    assert_none(layering::check(&repository()));
}

#[test]
fn what_one_crate_owns_no_other_names() {
    assert_none(ownership::check_manifests(&repository()));
}

#[test]
fn only_the_codec_names_the_serialiser() {
    assert_none(ownership::check_serialiser(&repository()));
}

#[test]
fn nothing_below_the_line_does_io() {
    assert_none(purity::check(&repository()));
}

#[test]
fn files_are_small() {
    assert_none(size::check(&repository()));
}

#[test]
fn manifests_follow_the_workspace() {
    assert_none(manifest::check(&repository()));
}

#[test]
fn code_takes_no_shortcuts_and_tests_do_not_sleep() {
    assert_none(conduct::check(&repository()));
}

#[test]
fn every_page_has_one_title() {
    assert_none(docs::check_titles(&repository()));
}

#[test]
fn the_map_shows_every_crate() {
    assert_none(docs::check_map(&repository()));
}

#[test]
fn every_dependency_is_accounted_for() {
    assert_none(docs::check_dependencies(&repository()));
}

#[test]
fn every_link_leads_somewhere() {
    assert_none(docs::check_links(&repository()));
}

#[test]
fn every_page_a_comment_names_is_there() {
    assert_none(docs::check_sources(&repository()));
}

#[test]
fn every_requirement_a_comment_cites_exists() {
    assert_none(requirements::check_citations(&repository()));
}

#[test]
fn the_top_level_holds_what_was_agreed() {
    assert_none(places::check_top(&repository()));
}

#[test]
fn what_readers_and_tools_look_for_is_there() {
    assert_none(places::check_required(&repository()));
}

#[test]
fn no_file_names_a_path_of_one_machine() {
    assert_none(places::check_machine_paths(&repository()));
}

#[test]
fn the_page_of_behaviour_names_what_exists() {
    assert_none(behaviour::check(&repository()));
}

#[test]
fn the_compose_file_uses_flags_that_exist() {
    assert_none(commands::check(&repository()));
}

#[test]
fn the_versions_of_all_dependencies_are_recorded() {
    let tracked = tree::is_tracked("Cargo.lock").expect("git lists the files");
    assert!(tracked, "Cargo.lock is not tracked: run `git add Cargo.lock`");
}

fn repository() -> Tree {
    let tree = Tree::load().expect("git lists the files of the repository");
    assert!(!tree.crates().is_empty(), "no crates found: the rules would hold for nothing");
    tree
}
