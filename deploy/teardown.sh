#!/usr/bin/env bash
# Take down all that setup.sh made. What people said stays: the spreadsheet or the database is yours.
#
#   export GCP_PROJECT=… GCP_REGION=… GITHUB_REPOSITORY=OWNER/NAME
#   deploy/teardown.sh --dry-run    show every command and run none
#   deploy/teardown.sh
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=deploy/project.sh
. deploy/project.sh

ask() {
    local said=
    [ "$dry_run" = no ] || return 0
    say "This deletes from $GCP_PROJECT the service $SERVICE, its images, its secrets, its accounts and GitHub's way in."
    printf '%s' "Type the project's id to go on: " >&2
    read -r said || true
    [ "$said" = "$GCP_PROJECT" ] || stop "That is not the project's id: nothing was deleted."
}

# Run a command if a name is a line of a list; a dry run knows no list and shows them all.
if_in() {
    local there=$1 name=$2
    shift 2
    if [ "$dry_run" = yes ] || has "$there" "$name"; then "$@"; fi
}

delete_service() {
    local there
    there=$(cloud run services list --region="$GCP_REGION" --format='value(metadata.name)')
    if_in "$there" "$SERVICE" cloud run services delete "$SERVICE" --region="$GCP_REGION"
}

delete_images() {
    local there
    there=$(cloud artifacts repositories list --location="$GCP_REGION" --format='value(name.basename())')
    if_in "$there" "$REPOSITORY" cloud artifacts repositories delete "$REPOSITORY" --location="$GCP_REGION"
}

delete_secrets() {
    local there secret
    there=$(cloud secrets list --format='value(name.basename())')
    for secret in $SECRETS; do
        if_in "$there" "$secret" cloud secrets delete "$secret"
    done
}

# Its provider goes with it.
delete_identity_pool() {
    local there
    there=$(cloud iam workload-identity-pools list --location=global --format='value(name.basename())')
    if_in "$there" "$POOL" cloud iam workload-identity-pools delete "$POOL" --location=global
}

delete_accounts() {
    local there account deploy
    deploy=serviceAccount:$(address inkloop-deploy)
    there=$(cloud projects get-iam-policy "$GCP_PROJECT" --flatten='bindings[].members[]' \
        --filter='bindings.role=roles/monitoring.viewer' --format='value(bindings.members)')
    if_in "$there" "$deploy" remove_right "$deploy"
    there=$(cloud iam service-accounts list --format='value(email)')
    for account in $ACCOUNTS; do
        if_in "$there" "$(address "$account")" cloud iam service-accounts delete "$(address "$account")"
    done
}

remove_right() {
    cloud projects remove-iam-policy-binding "$GCP_PROJECT" --member="$1" --role=roles/monitoring.viewer \
        --condition=None >/dev/null
}

disconnect_github() {
    local there name repository="repos/$GITHUB_REPOSITORY"
    if ! github_reachable; then
        say "GitHub's command gh is not logged in here: delete the variables $VARIABLES" \
            "and the environments $ENVIRONMENTS by hand."
        return
    fi
    there=$(run gh variable list --repo="$GITHUB_REPOSITORY" --json=name --jq='.[].name')
    for name in $VARIABLES; do
        if_in "$there" "$name" run gh variable delete "$name" --repo="$GITHUB_REPOSITORY"
    done
    there=$(run gh api "$repository/environments" --jq='.environments[].name')
    for name in $ENVIRONMENTS; do
        if_in "$there" "$name" run gh api --method=DELETE "$repository/environments/$name" --silent
    done
}

case $* in
'') ;;
--dry-run) dry_run=yes ;;
*) stop "Usage: deploy/teardown.sh [--dry-run]. Received: '$*'" ;;
esac
require_project
require_repository
require_login
ask
begin "The service"
delete_service
begin "The repository of images"
delete_images
begin "Secrets"
delete_secrets
begin "GitHub's identity"
delete_identity_pool
begin "Service accounts"
delete_accounts
begin "GitHub"
disconnect_github
stage=
[ "$dry_run" = yes ] || say "All is gone. Google's services stay enabled, which costs nothing, and a budget stays until you delete it."
