#!/usr/bin/env bash
# Make in a Google Cloud project all that Inkloop needs: doc/deployment.md explains each piece.
# What is there already stays, so running it again is safe, and mends what is missing.
#
#   export GCP_PROJECT=… GCP_REGION=europe-west1 GITHUB_REPOSITORY=OWNER/NAME FEEDBACK_URL='sheets://ID?instances=3'
#   deploy/setup.sh --dry-run    show every command and run none
#   deploy/setup.sh
#   deploy/setup.sh --budget 5   also send the owners of the billing account a mail when a month costs half of 5, and 5
#
# GITHUB_REPOSITORY_ID may give the repository's number where GitHub cannot be asked for it.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=deploy/project.sh
. deploy/project.sh

APIS="run artifactregistry secretmanager iam iamcredentials sts cloudresourcemanager monitoring sheets"
PLACEHOLDER=us-docker.pkg.dev/cloudrun/container/hello # Google's, until the first deployment
MAX_INSTANCES=3                                        # as deploy.yml's service has
TRIES=7                                                # of a grant, 10 s apart: a new account is not known everywhere at once
budget=

read_options() {
    while [ $# -gt 0 ]; do
        case $1 in
        --dry-run) dry_run=yes ;;
        --budget)
            [[ ${2:-} =~ ^[1-9][0-9]*$ ]] ||
                stop "--budget takes a whole number, in your billing account's currency. Received: '${2:-}'"
            budget=$2
            shift
            ;;
        *) stop "Usage: deploy/setup.sh [--dry-run] [--budget AMOUNT]. Received: '$1'" ;;
        esac
        shift
    done
}

# Never shows FEEDBACK_URL: a database's has its password.
require_store() {
    if [ -z "${FEEDBACK_URL:-}" ] && [ -t 0 ]; then
        read -r -s -p "FEEDBACK_URL (it is not shown): " FEEDBACK_URL
        say ""
    fi
    case ${FEEDBACK_URL:-} in
    '') stop "FEEDBACK_URL must say where feedback is kept: sheets://SPREADSHEET_ID?instances=$MAX_INSTANCES, or a PostgreSQL." ;;
    sqlite:*) stop "FEEDBACK_URL names a file, and Cloud Run keeps none: use a spreadsheet or a PostgreSQL (doc/data_pipeline.md)." ;;
    sheets:*)
        [[ $FEEDBACK_URL =~ ^sheets://[A-Za-z0-9_-]+\?instances=$MAX_INSTANCES$ ]] ||
            stop "FEEDBACK_URL must be sheets://SPREADSHEET_ID?instances=$MAX_INSTANCES: up to $MAX_INSTANCES instances" \
                "share the spreadsheet's quota. The id is in its address, between /d/ and /edit."
        ;;
    *)
        [[ $FEEDBACK_URL =~ ^postgresql\+psycopg://[^@/]+@[^@/]+/.+$ ]] ||
            stop "FEEDBACK_URL must be sheets://SPREADSHEET_ID?instances=$MAX_INSTANCES" \
                "or postgresql+psycopg://user:password@host/database."
        ;;
    esac
}

look_up_project() {
    if [ "$dry_run" = yes ]; then
        cloud projects describe "$GCP_PROJECT" --format='value(projectNumber)'
        project_number=PROJECT_NUMBER
        return
    fi
    project_number=$(cloud projects describe "$GCP_PROJECT" --format='value(projectNumber)') ||
        stop "The account that gcloud is logged in with cannot see the project $GCP_PROJECT. Is the id right" \
            "(\`gcloud projects list\`), and the account (\`gcloud auth list\`)?"
}

# A name can be given up and taken by somebody else; the number cannot.
look_up_repository() {
    repository_id=${GITHUB_REPOSITORY_ID:-}
    if [ -n "$repository_id" ]; then
        :
    elif [ "$dry_run" = yes ]; then
        show gh api "repos/$GITHUB_REPOSITORY" --jq=.id
        repository_id=REPOSITORY_ID
        return
    elif github_reachable; then
        repository_id=$(gh api "repos/$GITHUB_REPOSITORY" --jq=.id) || repository_id=
    else
        repository_id=$(curl -fsS "https://api.github.com/repos/$GITHUB_REPOSITORY" |
            python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])' 2>/dev/null) || repository_id=
    fi
    [[ $repository_id =~ ^[1-9][0-9]*$ ]] ||
        stop "GitHub does not say what number the repository $GITHUB_REPOSITORY has. Is the name right?" \
            "If it is private, run \`gh auth login\` first, or put the number into GITHUB_REPOSITORY_ID."
}

enable_apis() {
    local enabled api missing=
    enabled=$(cloud services list --enabled --format='value(config.name)')
    for api in $APIS ${budget:+cloudbilling billingbudgets}; do
        has "$enabled" "$api.googleapis.com" || missing="$missing $api.googleapis.com"
    done
    # shellcheck disable=SC2086 # several words
    [ -z "$missing" ] || cloud services enable $missing ||
        stop "Google's services could not be enabled. Is there billing for the project?" \
            "https://console.cloud.google.com/billing/linkedaccount?project=$GCP_PROJECT"
}

make_accounts() {
    local there account
    there=$(cloud iam service-accounts list --format='value(email)')
    for account in $ACCOUNTS; do
        has "$there" "$(address "$account")" ||
            cloud iam service-accounts create "$account" --display-name="$account" >/dev/null
    done
}

make_repository() {
    local there
    there=$(cloud artifacts repositories list --location="$GCP_REGION" --format='value(name.basename())')
    has "$there" "$REPOSITORY" ||
        cloud artifacts repositories create "$REPOSITORY" --location="$GCP_REGION" --repository-format=docker \
            --description="Images of Inkloop" --disable-vulnerability-scanning
    cloud artifacts repositories set-cleanup-policies "$REPOSITORY" --location="$GCP_REGION" \
        --policy=deploy/cleanup-policy.json >/dev/null
}

random_value() {
    openssl rand -hex 32 | tr -d '\n'
}

feedback_url() {
    printf %s "$FEEDBACK_URL"
}

# Values go from pipe to pipe: a command's words can be seen by everybody on the machine.
add_version() {
    if [ "$dry_run" = yes ]; then
        cloud secrets versions add "$1" --data-file=-
    else
        "$2" | cloud secrets versions add "$1" --data-file=-
    fi
}

make_secrets() {
    local there secret versions source
    there=$(cloud secrets list --format='value(name.basename())')
    for secret in $SECRETS; do
        has "$there" "$secret" || cloud secrets create "$secret" --replication-policy=automatic
        case $secret in
        inkloop-feedback-url) source=feedback_url ;;
        *) source=random_value ;;
        esac
        # The two are two steps, and the last run may have ended between them.
        versions=$(cloud secrets versions list "$secret" --format='value(state)')
        if ! has "$versions" enabled; then
            add_version "$secret" "$source"
        elif [ "$source" = feedback_url ] &&
            [ "$(cloud secrets versions access latest --secret="$secret")" != "$FEEDBACK_URL" ]; then
            add_version "$secret" "$source"
            say "FEEDBACK_URL has changed: it is used from the next deployment on."
        fi
    done
}

# Made here and only here, so that GitHub needs no right to make services or to open one to everybody.
make_service() {
    local there
    there=$(cloud run services list --region="$GCP_REGION" --format='value(metadata.name)')
    has "$there" "$SERVICE" ||
        cloud run deploy "$SERVICE" --region="$GCP_REGION" --image="$PLACEHOLDER" \
            --service-account="$(address inkloop-run)" --max-instances=1
}

state_of() {
    printf '%s\n' "$1" | awk -v name="$2" '$1 == name { print $2 }'
}

# What was deleted stays in the bin for 30 days and keeps its name there.
make_identity_pool() {
    local found pool="--workload-identity-pool=$POOL" verb=update-oidc
    found=$(cloud iam workload-identity-pools list --location=global --show-deleted \
        --format='value(name.basename(),state)')
    case $(state_of "$found" "$POOL") in
    ACTIVE) ;;
    DELETED) cloud iam workload-identity-pools undelete "$POOL" --location=global >/dev/null ;;
    *) cloud iam workload-identity-pools create "$POOL" --location=global --display-name="GitHub Actions" ;;
    esac
    found=$(cloud iam workload-identity-pools providers list --location=global "$pool" --show-deleted \
        --format='value(name.basename(),state)')
    case $(state_of "$found" "$PROVIDER") in
    ACTIVE) ;;
    DELETED) cloud iam workload-identity-pools providers undelete "$PROVIDER" --location=global "$pool" >/dev/null ;;
    *) verb=create-oidc ;;
    esac
    cloud iam workload-identity-pools providers $verb "$PROVIDER" --location=global "$pool" \
        --issuer-uri=https://token.actions.githubusercontent.com \
        --attribute-mapping=google.subject=assertion.sub,attribute.environment=assertion.environment \
        --attribute-condition="assertion.repository_id == \"$repository_id\" && assertion.ref == \"refs/heads/$BRANCH\"" >/dev/null
}

grant() {
    local tries=1 said
    until said=$(cloud "$@" 2>&1 >/dev/null); do
        case $said in
        *"does not exist"* | *NOT_FOUND* | *"Unknown service account"*) ;;
        *) tries=$TRIES ;;
        esac
        if [ $tries -ge $TRIES ]; then
            printf '%s\n' "$said" >&2
            return 1
        fi
        tries=$((tries + 1))
        sleep 10
    done
}

grant_rights() {
    local secret environments run deploy retrain
    environments="principalSet://iam.googleapis.com/projects/$project_number/locations/global"
    environments="$environments/workloadIdentityPools/$POOL/attribute.environment"
    run=serviceAccount:$(address inkloop-run)
    deploy=serviceAccount:$(address inkloop-deploy)
    retrain=serviceAccount:$(address inkloop-retrain)

    grant iam service-accounts add-iam-policy-binding "$(address inkloop-deploy)" \
        --member="$environments/production" --role=roles/iam.workloadIdentityUser
    grant iam service-accounts add-iam-policy-binding "$(address inkloop-retrain)" \
        --member="$environments/retraining" --role=roles/iam.workloadIdentityUser

    for secret in $SECRETS; do
        grant secrets add-iam-policy-binding "$secret" --member="$run" --role=roles/secretmanager.secretAccessor
    done
    grant secrets add-iam-policy-binding inkloop-feedback-url \
        --member="$retrain" --role=roles/secretmanager.secretAccessor

    grant artifacts repositories add-iam-policy-binding "$REPOSITORY" --location="$GCP_REGION" \
        --member="$deploy" --role=roles/artifactregistry.writer
    grant run services add-iam-policy-binding "$SERVICE" --region="$GCP_REGION" \
        --member="$deploy" --role=roles/run.developer
    grant iam service-accounts add-iam-policy-binding "$(address inkloop-run)" \
        --member="$deploy" --role=roles/iam.serviceAccountUser
    grant projects add-iam-policy-binding "$GCP_PROJECT" \
        --member="$deploy" --role=roles/monitoring.viewer --condition=None

    grant run services add-iam-policy-binding "$SERVICE" --region="$GCP_REGION" \
        --member=allUsers --role=roles/run.invoker ||
        stop "The service could not be opened to everybody. If the project belongs to an organisation, its policy" \
            "'Domain restricted sharing' (iam.allowedPolicyMemberDomains) may forbid allUsers: ask its administrator" \
            "for an exception for this project, then run this again."
}

make_budget() {
    local account there
    account=$(cloud billing projects describe "$GCP_PROJECT" --format='value(billingAccountName.basename())')
    [ "$dry_run" = no ] || account=BILLING_ACCOUNT
    there=$(cloud billing budgets list --billing-account="$account" --format='value(displayName)')
    has "$there" "$SERVICE-$GCP_PROJECT" ||
        cloud billing budgets create --billing-account="$account" --display-name="$SERVICE-$GCP_PROJECT" \
            --budget-amount="$budget" --filter-projects="projects/$project_number" \
            --threshold-rule=percent=0.5 --threshold-rule=percent=1.0
}

# What the workflows find in `vars`.
variable() {
    case $1 in
    GCP_PROJECT) printf %s "$GCP_PROJECT" ;;
    GCP_REGION) printf %s "$GCP_REGION" ;;
    GCP_IDENTITY_PROVIDER)
        printf %s "projects/$project_number/locations/global/workloadIdentityPools/$POOL/providers/$PROVIDER"
        ;;
    esac
}

connect_github() {
    local name there repository="repos/$GITHUB_REPOSITORY"
    if ! github_reachable; then
        say "GitHub's command gh is not logged in here: make the variables above and the environments" \
            "$ENVIRONMENTS by hand, as doc/deployment.md says, or run \`gh auth login\` and this again."
        return
    fi
    for name in $VARIABLES; do
        run gh variable set "$name" --repo="$GITHUB_REPOSITORY" --body="$(variable "$name")"
    done
    there=$(run gh api "$repository/environments" --jq='.environments[].name')
    for name in $ENVIRONMENTS; do
        has "$there" "$name" || run gh api --method=PUT "$repository/environments/$name" --silent \
            -F 'deployment_branch_policy[protected_branches]=false' \
            -F 'deployment_branch_policy[custom_branch_policies]=true'
        has "$(run gh api "$repository/environments/$name/deployment-branch-policies" --jq='.branch_policies[].name')" \
            "$BRANCH" || run gh api --method=POST "$repository/environments/$name/deployment-branch-policies" --silent \
            -f "name=$BRANCH"
    done
    # Retraining proposes its model in a pull request.
    run gh api --method=PUT "$repository/actions/permissions/workflow" --silent \
        -f default_workflow_permissions=read -F can_approve_pull_request_reviews=true
}

say_what_was_made() {
    local name
    say ""
    say "Google's side is done. What GitHub's needs (Settings → Secrets and variables → Actions → Variables):"
    for name in $VARIABLES; do
        say "  $name=$(variable "$name")"
    done
    case $FEEDBACK_URL in
    sheets:*)
        say "Share the spreadsheet with these addresses, without notifying them:"
        say "  $(address inkloop-run) as an editor"
        say "  $(address inkloop-retrain) as a viewer"
        ;;
    esac
    say "The token of the status page is shown by"
    say "  gcloud secrets versions access latest --secret=inkloop-owner-token --project=$GCP_PROJECT"
    say ""
}

read_options "$@"
require_project
require_repository
require_store
require_login
begin "The project and the repository"
look_up_project
look_up_repository
begin "Google's services"
enable_apis
begin "Service accounts"
make_accounts
begin "The repository of images"
make_repository
begin "Secrets"
make_secrets
begin "The service"
make_service
begin "GitHub's identity"
make_identity_pool
begin "Rights"
grant_rights
if [ -n "$budget" ]; then
    begin "The budget"
    make_budget
fi
[ "$dry_run" = yes ] || say_what_was_made
begin "GitHub"
connect_github
stage=
[ "$dry_run" = yes ] ||
    say "Done. For the first deployment: https://github.com/$GITHUB_REPOSITORY/actions/workflows/deploy.yml, Run workflow."
