"""The smallest recipe: clips as they are and at one other speed, and labels alone."""

from training.recipe import Recipe

CLEAN = Recipe(
    speeds=(0.9,),
    noise_share=0.0,
    narrow_share=0.0,
    cold_narrow_share=0.0,
    room_share=0.0,
    teachers=0,
)
