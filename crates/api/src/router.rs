//! Router with all routes and layers, and the OpenAPI document that is generated from the routes.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::middleware::{from_fn, from_fn_with_state, map_request};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::trace::TraceLayer;
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::error::ApiError;
use crate::middleware::REQUEST_ID;
use crate::problem::problem_schema;
use crate::state::Shared;
use crate::{
    ApiLimits, ApiState, ProblemCode, bodies, claims, cors, custody, enrolments, epochs,
    middleware, operations, tree, upgrades,
};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "Annona", license(name = "MIT OR Apache-2.0")),
    tags(
        (name = "enrolments", description = "Joining, through an orb."),
        (name = "tree", description = "Tiles of the membership tree, for proofs of wallets."),
        (name = "claims", description = "Being paid, once an epoch."),
        (name = "epochs", description = "Calendar and deployment."),
        (name = "operations", description = "For operators."),
    ),
)]
struct Document;

/// The service with the limits of [`ApiLimits::default`].
pub fn router(state: ApiState) -> Router {
    router_with_limits(state, ApiLimits::default())
}

/// The service.
pub fn router_with_limits(state: ApiState, limits: ApiLimits) -> Router {
    let document = openapi()
        .to_json()
        .expect("the document has only text for keys");
    let shared = Arc::new(Shared::new(state, limits, document));
    let people: Router<Arc<Shared>> = people_routes()
        .route_layer(from_fn_with_state(
            Arc::clone(&shared),
            middleware::limit_time,
        ))
        .route_layer(from_fn_with_state(
            Arc::clone(&shared),
            middleware::limit_concurrency,
        ))
        .route_layer(from_fn_with_state(
            Arc::clone(&shared),
            middleware::limit_rate,
        ))
        .route_layer(from_fn_with_state(Arc::clone(&shared), bodies::read_body))
        .into();
    let operators: Router<Arc<Shared>> = operations::routes()
        .route_layer(from_fn_with_state(
            Arc::clone(&shared),
            middleware::limit_time,
        ))
        .into();
    let others = answer_with_app
        .layer(from_fn_with_state(
            Arc::clone(&shared),
            middleware::limit_time,
        ))
        .layer(from_fn_with_state(
            Arc::clone(&shared),
            middleware::limit_concurrency,
        ))
        .layer(from_fn_with_state(
            Arc::clone(&shared),
            middleware::limit_rate,
        ));
    let routes = people.merge(operators);
    let routes = match shared.api.app {
        Some(_) => routes.fallback(others),
        None => routes.fallback(async || ApiError::RouteUnknown),
    };
    routes
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        .layer(CatchPanicLayer::custom(middleware::answer_panic))
        .layer(from_fn(cors::answer))
        .layer(from_fn_with_state(Arc::clone(&shared), middleware::measure))
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(middleware::request_span)
                .on_request(())
                .on_response(middleware::log_response)
                .on_failure(()),
        )
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
        .layer(map_request(middleware::drop_foreign_request_id))
        .with_state(shared)
}

/// The description of every route, generated from the code.
#[must_use]
pub fn openapi() -> OpenApi {
    let mut document = Document::openapi();
    document.info.description = Some(description());
    let mut document = OpenApiRouter::with_openapi(document)
        .merge(people_routes())
        .merge(operations::routes())
        .into_openapi();
    let (name, schema) = problem_schema();
    document
        .components
        .get_or_insert_default()
        .schemas
        .insert(name, schema);
    document
}

fn people_routes() -> OpenApiRouter<Arc<Shared>> {
    OpenApiRouter::new()
        .merge(enrolments::routes())
        .merge(custody::routes())
        .merge(upgrades::routes())
        .merge(tree::routes())
        .merge(claims::routes())
        .merge(epochs::routes())
}

fn description() -> String {
    format!(
        "A basic income, once an epoch, for people who are unique and unknown.\n\n\
         Every refusal is `application/problem+json` with one of these codes, which never \
         change their meaning, and a `detail` that says what to do next. \
         `retryAfterSecs`, also sent as `Retry-After`, says when the same request can succeed.\n\n{}",
        ProblemCode::table()
    )
}

/// Answers with a file of the app, or says that there is no such route.
async fn answer_with_app(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    match &shared.api.app {
        Some(app) => app.answer(request).await,
        None => ApiError::RouteUnknown.into_response(),
    }
}
