//! Which request means what.

use hyper::Method;

use super::problem::Problem;
use super::wish::Verb;

/// Where the run is; what it can be told stands below.
const RUN: &str = "/v1/run";

/// Where the page is on which people see it.
const PAGE: &str = "/";

/// What somebody asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// The page that shows the run: the same for everybody, without a number in it.
    Page,
    /// How the run is just now.
    Look,
    /// That it changes.
    Wish(Verb),
}

impl Route {
    /// What a request means.
    ///
    /// # Errors
    /// [`Problem`] if nothing is there, or not with this method.
    pub(super) fn of(method: &Method, path: &str) -> Result<Self, Problem> {
        let route = Self::at(path).ok_or(Problem::NoSuchPath)?;
        match (route, method) {
            (Self::Page | Self::Look, &(Method::GET | Method::HEAD))
            | (Self::Wish(_), &Method::POST) => Ok(route),
            (Self::Page | Self::Look, _) => Err(Problem::Method { allowed: "GET, HEAD" }),
            (Self::Wish(_), _) => Err(Problem::Method { allowed: "POST" }),
        }
    }

    fn at(path: &str) -> Option<Self> {
        if path == PAGE {
            return Some(Self::Page);
        }
        match path.strip_prefix(RUN)? {
            "" => Some(Self::Look),
            below => Verb::named(below.strip_prefix('/')?).map(Self::Wish),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_means_one_thing_with_one_method() {
        let of = |method: Method, path: &str| Route::of(&method, path);
        assert!(matches!(of(Method::GET, "/"), Ok(Route::Page)));
        assert!(matches!(of(Method::GET, "/v1/run"), Ok(Route::Look)));
        assert!(matches!(of(Method::HEAD, "/v1/run"), Ok(Route::Look)));
        for (verb, name) in Verb::ALL {
            let path = format!("/v1/run/{name}");
            assert!(matches!(of(Method::POST, &path), Ok(Route::Wish(it)) if it == verb));
            assert!(matches!(of(Method::GET, &path), Err(Problem::Method { allowed: "POST" })));
        }
        for path in ["/", "/v1/run"] {
            assert!(matches!(of(Method::DELETE, path), Err(Problem::Method { .. })), "{path}");
        }
        for path in ["//", "/v1", "/v1/run/", "/v1/running", "/v1/run/fly", "/v1/run/pause/", ""] {
            assert!(matches!(of(Method::POST, path), Err(Problem::NoSuchPath)), "{path}");
        }
    }
}
