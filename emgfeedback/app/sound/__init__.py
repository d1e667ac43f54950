"""What is heard: a tone for the target, a rustle for its rivals, bells for what happened, and a voice."""

from emgfeedback.app.sound.bells import rung as rung
from emgfeedback.app.sound.device import Heard as Heard
from emgfeedback.app.sound.device import Sound as Sound
from emgfeedback.app.sound.mix import RATE_HZ as RATE_HZ
from emgfeedback.app.sound.mix import Clip as Clip
from emgfeedback.app.sound.mix import Scene as Scene
from emgfeedback.app.sound.mix import Voice as Voice
from emgfeedback.app.sound.mix import Volumes as Volumes
from emgfeedback.app.sound.mix import render as render
from emgfeedback.app.sound.tone import CALM_FADE_S as CALM_FADE_S
from emgfeedback.app.sound.tone import RAMP_S as RAMP_S
from emgfeedback.app.sound.tone import STEPS_HZ as STEPS_HZ
from emgfeedback.app.sound.tone import Tone as Tone
from emgfeedback.app.sound.tone import tone as tone
