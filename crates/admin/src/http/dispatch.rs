//! From an operation to the code that carries it out.

use axum::extract::Request;
use muster_control::{ActionKind, RECOVER_PASSCODE};

use crate::backend::Backend;
use crate::devices::act::act;
use crate::devices::bulk::act_on_many;
use crate::devices::overview::overview;
use crate::devices::people;
use crate::devices::read::{count, list, list_mine, show};
use crate::devices::service_act;
use crate::devices::update::update;
use crate::http::batch::BatchError;
use crate::http::call::Reply;
use crate::http::context::Context;
use crate::http::errors::ApiError;
use crate::operation::table::{OperationId, Parity};
use crate::rbac::resource;
use crate::resources::policies::resource as policies;
use crate::resources::{approvals, audit, categories, exports};

impl<B: Backend> Context<'_, B> {
    /// Carries out what was asked for. That the client may ask it is known already.
    ///
    /// # Errors
    /// [`ApiError`]: nothing was done.
    pub(crate) async fn perform(&self, request: Request) -> Result<Reply, ApiError> {
        match self.route.operation.id {
            OperationId::ListDevices => list(self, request.uri()).await,
            OperationId::ListMyDevices => list_mine(self, request.uri()).await,
            OperationId::Overview => overview(self, request.uri()).await,
            OperationId::People(operation) => people::answer(self, operation, request).await,
            OperationId::CountDevices => count(self, request.uri()).await,
            OperationId::ShowDevice => show(self, request.uri()).await,
            OperationId::Act(kind) => self.act(kind, request).await,
            OperationId::ActHere(act) => service_act::act(self, act, request).await,
            OperationId::UpdateDevice => update(self, request).await,
            OperationId::ActOnMany => act_on_many(self, request).await.map(Reply::Found),
            OperationId::RecoverPasscode => {
                self.managed(self.route.device()?).await?;
                Err(ApiError::Capability(RECOVER_PASSCODE))
            }
            OperationId::RuledOut(why) => {
                self.managed(self.route.device()?).await?;
                Err(ApiError::RuledOut(why))
            }
            OperationId::RuledOutForMany(why) => Err(ApiError::RuledOut(why)),
            OperationId::Roles(operation) => resource::answer(self, operation, request).await,
            OperationId::Approvals(operation) => approvals::answer(self, operation, request).await,
            OperationId::Categories(operation) => {
                categories::answer(self, operation, request).await
            }
            OperationId::Exports(operation) => exports::answer(self, operation, request).await,
            OperationId::Audit(operation) => audit::answer(self, operation, request).await,
            OperationId::Policies(family, operation) => {
                policies::answer(self, (family, operation), request).await
            }
            OperationId::Batch => Err(BatchError::Nested.into()),
            OperationId::NotServed => Err(ApiError::NotServed(self.why_not())),
        }
    }

    async fn act(&self, kind: ActionKind, request: Request) -> Result<Reply, ApiError> {
        act(self, kind, request).await.map(Reply::Accepted)
    }

    fn why_not(&self) -> &'static str {
        match self.route.operation.parity {
            Parity::NotServed(why) => why,
            Parity::Behaves | Parity::Static => "this is not served",
        }
    }
}
