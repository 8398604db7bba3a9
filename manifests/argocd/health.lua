-- Health of a Canary of Sluice in Argo CD. Argo CD opens no string, math, io or debug here; it never gets Unknown.
--
--   Progressing  no status yet, or one of an earlier generation or commit; a run, a webhook or pods are waited for
--   Suspended    a user is waited for: approval, pause, a weight that was set by hand
--   Degraded     rolled back, or Stalled: time alone does not end it
--   Healthy      the promoted revision serves, and no release is under way

local function table_of(value)
  if type(value) == "table" then return value end
  return {}
end
local function text_of(value)
  if type(value) == "string" then return value end
  return ""
end

local metadata, spec, status = table_of(obj.metadata), table_of(obj.spec), table_of(obj.status)
local run, progress, images = table_of(status.run), table_of(status.progress), table_of(status.images)
local phase, reason, message = text_of(status.phase), text_of(status.reason), text_of(status.message)

local function health(verdict, sentence)
  return { status = verdict, message = sentence }
end

-- A status of an earlier generation says nothing of this spec.
local observed = tonumber(status.observedGeneration) or -1
if observed < (tonumber(metadata.generation) or 0) then
  return health("Progressing", "The controller has not seen the latest change of this Canary")
end

local stalled = false
for _, condition in ipairs(table_of(status.conditions)) do
  condition = table_of(condition)
  if condition.type == "Stalled" and condition.status == "True" then stalled = true end
end

-- What serves, whatever became of the release: the first thing to know of one that is Degraded.
local function with_production(sentence)
  local promoted = text_of(images.primary)
  if promoted == "" then promoted = text_of(status.lastPromotedSpec) end
  if promoted == "" then return sentence end
  local weight, also = tonumber(status.canaryWeight) or 0, text_of(images.canary)
  local serving = "production serves " .. promoted
  if weight > 0 and also ~= "" and run.candidate ~= nil then
    serving = serving .. ", and " .. also .. " at weight " .. tostring(weight)
  end
  return serving .. ": " .. sentence
end

if phase == "Terminating" then return health("Progressing", message) end

-- What is missing before the first release may arrive with the same sync: only Stalled for another reason needs a user.
local arrives = reason == "TargetMissing" or reason == "ReferenceMissing"
if stalled and phase ~= "Failed" and not (phase == "Initializing" and arrives) then
  return health("Degraded", with_production(message))
end

-- A push changes the target, not the generation of the Canary. Git says by this annotation which commit it has applied;
-- one that is longer is not read.
local commit = text_of(table_of(metadata.annotations)["sluice.dev/commit"])
if commit ~= "" and #commit <= 512 and commit ~= status.commit then
  return health("Progressing", "The controller has not seen the target at " .. commit)
end

if phase == "Failed" then return health("Degraded", with_production(message)) end

if phase == "Initialized" or phase == "Succeeded" then
  if reason == "PrimaryNotReady" then return health("Progressing", message) end
  return health("Healthy", message)
end

local waiting = table_of(run.waiting)["for"] or table_of(progress.waiting)["for"]
if waiting == "resume" or waiting == "owner" then return health("Suspended", message) end

if phase == "Progressing" or phase == "WaitingPromotion" then
  local is_paused = text_of(status.paused) ~= "" or spec.paused == true or spec.suspend == true
  local is_overridden = table_of(run.hold).by == "override"
  -- The reason on show is the old one for a moment after the command.
  local is_approved = run.approved == "full" or run.approved == tostring(status.canaryWeight)
  local is_unapproved = reason == "WaitingForApproval" and not is_approved
  if is_paused or is_overridden or is_unapproved then return health("Suspended", message) end
end

-- Initializing, Waiting, a run, Promoting, Finalising; and a phase that a later version of Sluice has.
if message == "" then message = "Phase " .. phase end
return health("Progressing", message)
