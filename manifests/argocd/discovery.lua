-- Which actions a Canary has now. One that is disabled would be refused by the controller, or would change nothing.

local function table_of(value)
  if type(value) == "table" then return value end
  return {}
end

local status = table_of(obj.status)
local run = table_of(status.run)
local phase = status.phase

-- Commands that a Canary has when it is first seen are recorded, and not run.
local is_seen = type(status.handledCommands) == "table" and phase ~= "Terminating"
local is_judged = phase == "Progressing" or phase == "WaitingPromotion"
local is_resting = phase == "Initialized" or phase == "Succeeded" or phase == "Failed"
local is_undone = run.stage == "diverting" or run.stage == "undoing"
local is_paused = type(status.paused) == "string"
local is_held = is_judged and type(run.hold) == "table"
local is_full = run.approved == "full"
local is_approved = is_full or run.approved == tostring(status.canaryWeight)

local function action(name, icon, is_enabled)
  return { displayName = name, iconClass = "fa fa-fw " .. icon, disabled = not (is_seen and is_enabled) }
end

return {
  ["approve"] = action("Approve", "fa-check", is_judged and status.reason == "WaitingForApproval" and not is_approved),
  ["approve-full"] = action("Approve, straight to promotion", "fa-check-double", is_judged and not is_full),
  ["pause"] = action("Pause", "fa-pause", not is_paused and (phase ~= "Promoting" or run.stage == "shifting")),
  ["resume"] = action("Resume", "fa-play", is_paused or is_held),
  ["abort"] = action("Abort", "fa-ban", is_judged or phase == "Waiting" or (phase == "Promoting" and not is_undone)),
  ["retry"] = action("Retry", "fa-redo", phase == "Failed" and status.rejectedSpec ~= nil),
  ["rollback"] = action(
    "Roll back to the previous revision",
    "fa-undo",
    (is_resting or phase == "Waiting") and status.previousSpec ~= nil
  ),
}
